/** Gives each of its guests the same time, with one timer for all of them. */
export interface WaitingRoom<Guest> {
  /** The guest's time begins, also anew. */
  readonly enter: (guest: Guest) => void
  /** The guest waits no longer. */
  readonly leave: (guest: Guest) => void
  /** Everybody leaves. */
  readonly clear: () => void
}

/** Nobody waits yet. `onOver` is called with each guest whose time is over, in the order in which they came. */
export function createWaitingRoom<Guest>(
  limitMs: number,
  onOver: (guest: Guest) => void,
): WaitingRoom<Guest> {
  // In order of insertion, which is the order of their ends.
  const ends = new Map<Guest, number>()
  let timer: NodeJS.Timeout | undefined

  function call(): void {
    timer = undefined
    const now = performance.now()
    for (const [guest, endsAt] of ends) {
      if (endsAt > now) {
        timer = setTimeout(call, endsAt - now)
        return
      }
      ends.delete(guest)
      onOver(guest)
    }
  }

  function leave(guest: Guest): void {
    ends.delete(guest)
    if (ends.size > 0) return
    clearTimeout(timer)
    timer = undefined
  }

  return {
    enter: (guest) => {
      ends.delete(guest)
      ends.set(guest, performance.now() + limitMs)
      timer ??= setTimeout(call, limitMs)
    },
    leave,
    clear: () => {
      for (const guest of ends.keys()) leave(guest)
    },
  }
}
