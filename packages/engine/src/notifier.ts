import type { Entry } from './journal.ts'

/** What an entry alone does not tell. */
export interface NotifyContext {
  /** Whose rollout it is. */
  readonly service: string
  /** Aborts when nobody waits for the notifier any more. */
  readonly signal?: AbortSignal
}

/**
 * Tells people or other systems of an entry. A failure never stops a rollout.
 *
 * An engine calls its own `notifiers` while it leads, without waiting and once: what fails then, or is under way when its
 * process dies, is not told again. `createCourier` of `@changeover/notifiers` calls them at least once, and in order.
 */
export interface Notifier {
  notify(entry: Entry, context: NotifyContext): Promise<void>
}
