import { chainEntry, type Entry, type EntryBody, GENESIS_HASH } from '@changeover/engine'

/** Makes the entries of one rollout, each chained to the one before it. */
export interface JournalMaker {
  readonly next: (body: EntryBody) => Entry
  readonly created: (service?: string, spec?: unknown) => Entry
  readonly ready: (count: number) => Entry[]
}

interface MakerOptions {
  readonly fence?: number
  readonly at?: number
  /** The entry to go on from. */
  readonly after?: Entry
}

export function journalMaker(rollout: string, options: MakerOptions = {}): JournalMaker {
  const { fence = 1, at = 1_000, after } = options
  let seq = (after?.seq ?? -1) + 1
  let prev = after?.hash ?? GENESIS_HASH
  const next = (body: EntryBody): Entry => {
    const entry = chainEntry(body, { rollout, seq, at, fence, prev })
    seq += 1
    prev = entry.hash
    return entry
  }
  return {
    next,
    created: (service = 'shop', spec = {}) => next(createdBody(service, spec)),
    ready: (count) =>
      Array.from({ length: count }, (_, n) => next({ type: 'ready', id: `b-${n}` })),
  }
}

function createdBody(service: string, spec: unknown): EntryBody {
  return {
    type: 'created',
    plan: {
      service,
      strategy: 'rolling',
      from: undefined,
      to: { id: 'b', version: '2.0.0', spec },
      replicas: 2,
      steps: [],
      rollback: [],
      capacity: { maxTotal: 3, minAvailable: 2 },
      warnings: [],
    },
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
