import type { Entry } from '@changeover/engine'

/** What a notifier sends: one entry of a rollout's journal. */
export interface NotifierMessage {
  /** The same each time this entry is told: `<rollout>:<seq>`, with `%2E` for a full stop. */
  readonly id: string
  readonly service: string
  readonly rollout: string
  /** As journaled, but for the specs of releases (commands, environments), which do not leave the machine. */
  readonly entry: Entry
}

/** The message that tells of `entry`. Pure. */
export function messageOf(entry: Entry, service: string): NotifierMessage {
  const { rollout } = entry
  return { id: messageId(entry), service, rollout, entry: withoutSpecs(entry) }
}

/** Signatures are over `id.time.body`, so a full stop in the id would make them ambiguous. Pure. */
function messageId({ rollout, seq }: Entry): string {
  return `${encodeURIComponent(rollout).replaceAll('.', '%2E')}:${seq}`
}

function withoutSpecs(entry: Entry): Entry {
  return JSON.parse(
    JSON.stringify(entry, (key: string, value: unknown) => (key === 'spec' ? undefined : value)),
  )
}
