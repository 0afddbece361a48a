import type { RolloutEventMap } from '@changeover/console/api'
import { paths } from '@changeover/console/api'
import type { Client } from './client.ts'
import type { EventStreamOptions } from './event-stream.ts'

/** One event of a rollout, as the agent tells it. */
export type RolloutEvent = {
  [Name in keyof RolloutEventMap]: { readonly event: Name; readonly data: RolloutEventMap[Name] }
}[keyof RolloutEventMap]

/**
 * A rollout's events to its end: every entry once and in order, over lost connections and restarts of the agent.
 *
 * @throws as `Client.events` does
 */
export async function* followRollout(
  client: Client,
  id: string,
  options: EventStreamOptions & { readonly after?: number },
): AsyncGenerator<RolloutEvent> {
  let seq = options.after ?? -1
  const query = options.after === undefined ? '' : `?after=${options.after}`
  for await (const { event, data } of client.events(
    `${paths.rolloutEvents(id)}${query}`,
    // Who knows of a rollout has heard of it from the agent.
    { ...options, wasThere: true },
  )) {
    const told = rolloutEvent(event, data)
    if (!told) continue
    if (told.event === 'entry') {
      if (told.data.seq <= seq) continue
      seq = told.data.seq
    }
    yield told
    if (told.event === 'end') return
  }
}

const NAMES: ReadonlySet<string> = new Set<keyof RolloutEventMap>([
  'entry',
  'view',
  'traffic',
  'look',
  'end',
])

/** Undefined for what a newer agent may tell besides. */
function rolloutEvent(event: string, text: string): RolloutEvent | undefined {
  if (!NAMES.has(event)) return undefined
  const told: RolloutEvent = JSON.parse(`{"event":"${event}","data":${text}}`)
  return told
}
