/** The names of the store's tables and functions, quoted, with their schema. */
export interface Tables {
  readonly rollouts: string
  readonly entries: string
  readonly leases: string
  readonly commands: string
  readonly appendEntries: string
  readonly grantLease: string
  readonly takeCommand: string
}

/** Of this schema. */
export function tablesOf(schema: string): Tables {
  const name = (one: string): string => `"${schema}".${one}`
  return {
    rollouts: name('rollouts'),
    entries: name('entries'),
    leases: name('leases'),
    commands: name('commands'),
    appendEntries: name('append_entries'),
    grantLease: name('grant_lease'),
    takeCommand: name('take_command'),
  }
}
