/** Writes to maps that can be taken back; costs one record for each write and nothing for each transaction. */
export interface Journal {
  /** Sets the entry, or deletes it where `value` is undefined. */
  write<K, V>(map: Map<K, V>, key: K, value: V | undefined): void
  /** Where the journal stands; hand it to {@link Journal.undoTo}. */
  mark(): number
  /** Takes back what was written since `mark`, latest first. */
  undoTo(mark: number): void
  /** What was written so far stays. */
  forget(): void
}

export function createJournal(): Journal {
  const undo: (() => void)[] = []
  return {
    write(map, key, value) {
      const before = map.get(key)
      undo.push(() => put(map, key, before))
      put(map, key, value)
    },
    mark: () => undo.length,
    undoTo(mark) {
      while (undo.length > mark) undo.pop()?.()
    },
    forget() {
      undo.length = 0
    },
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
