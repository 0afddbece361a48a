import { channel } from 'node:diagnostics_channel'
import type { Entry } from './journal.ts'

/**
 * Name of the `node:diagnostics_channel` on which every engine of this process publishes each {@link Entry} as soon as it
 * is durable: the same typed union as `rollout.events()`, and costing nothing while nobody subscribes. `created` names
 * the service and both releases; `rollout` ties later entries to it. An engine that takes a rollout over before anything
 * else happened publishes `created` once more.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 *
 * subscribe(ENTRY_CHANNEL, (message) => {
 *   const entry = message as Entry
 *   if (entry.type === 'turned-back') console.error(entry.rollout, entry.reason)
 * })
 * ```
 */
export const ENTRY_CHANNEL = 'changeover:entry'

const entries = channel(ENTRY_CHANNEL)

/** Tells whoever subscribed. A subscriber that throws does not reach the engine: Node reports it as uncaught. */
export function publishEntry(entry: Entry): void {
  if (entries.hasSubscribers) entries.publish(entry)
}
