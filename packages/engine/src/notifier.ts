import type { Entry } from './journal.ts'

/** Tells people or other systems. Called at least once for each entry; a failure never stops a rollout. */
export interface Notifier {
  notify(entry: Entry): Promise<void>
}
