import { chainEntry, type Entry, type EntryBody, GENESIS_HASH } from '@changeover/engine'

/** Makes the entries of one rollout, each chained to the one before it. */
export interface JournalMaker {
  readonly next: (body: EntryBody) => Entry
  /** The first entry, of a rollout of `service`. @default 'shop' */
  readonly created: (service?: string) => Entry
  /** Another one that goes on from the same entry: a rival. @default under the same fence */
  readonly fork: (fence?: number) => JournalMaker
}

/** Where a journal stands, and what its next entries say of time. */
export interface JournalStand {
  readonly seq?: number
  readonly prev?: string
  /** @default 1000 */
  readonly at?: number
  /** @default 1 */
  readonly fence?: number
}

export function journalMaker(rollout: string, stand: JournalStand = {}): JournalMaker {
  let { seq = 0, prev = GENESIS_HASH } = stand
  const { at = 1_000, fence = 1 } = stand
  const next = (body: EntryBody): Entry => {
    const entry = chainEntry(body, { rollout, seq, at, fence, prev })
    seq += 1
    prev = entry.hash
    return entry
  }
  return {
    next,
    created: (service = 'shop') => next(createdBody(service)),
    fork: (other = fence) => journalMaker(rollout, { seq, prev, at, fence: other }),
  }
}

/** Everything that a journal gives. */
export async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

function createdBody(service: string): EntryBody {
  return {
    type: 'created',
    plan: {
      service,
      strategy: 'rolling',
      from: undefined,
      to: { id: 'b', version: '2.0.0', spec: { command: ['node', 'server.js'] } },
      replicas: 2,
      steps: [],
      rollback: [],
      capacity: { maxTotal: 3, minAvailable: 2 },
      warnings: [],
    },
  }
}
