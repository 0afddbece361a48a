import type { ProcessIdentity } from './process-identity.ts'

/** How a process ended. The exit code and signal of a process that is not our child cannot be known. */
export interface ProcessEnd {
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly output: string
}

/** A process that leads a group of its own, whether this process launched it or an owner before. */
export interface RunningProcess {
  readonly identity: ProcessIdentity
  /** Settles once it has ended, its group is swept and its output is complete. Never rejects. */
  readonly ended: Promise<ProcessEnd>
  /** Asks the system, so that it is right even before `ended`. */
  alive(): boolean
  /** The last lines so far. */
  output(): string
  /** To the process itself, not to what it started. */
  signal(name: NodeJS.Signals): void
  /** SIGKILL to it and to all that it started in its group. */
  kill(): void
  /** From now on the event loop does not end before the process does. */
  hold(): void
  /** Lets go of it: `ended` may never settle. */
  detach(): void
}

/** In words, for a person who asks why an instance is not ready. */
export function describeEnd({ exitCode, signal }: ProcessEnd): string {
  if (typeof exitCode === 'number') return `exited with code ${exitCode}`
  if (typeof signal === 'string') return `was ended by ${signal}`
  return 'has ended; this owner did not launch it, so its exit code is unknown'
}
