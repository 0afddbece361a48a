import type { Entry } from '@changeover/engine'

const LONGEST = 140

/** A journal entry in words, or undefined where it is no news to the audience. Pure. */
export function tell(entry: Entry): string | undefined {
  switch (entry.type) {
    case 'created':
      return `${entry.rollout}: ${entry.plan.from?.id ?? 'nothing'} → ${entry.plan.to.id}`
    case 'launched':
      return `${entry.instance.id} (${entry.instance.release}) launched at ${entry.instance.address}`
    case 'available':
      return `${entry.id} is ready`
    case 'routes-intended':
      return `routes ${entry.revision}: ${entry.pools.map(describePool).join(', ') || 'none'}`
    case 'drained':
      return `${entry.id} drained: ${entry.inFlight} requests in flight`
    case 'stopped':
      return `${entry.id} stopped: ${entry.graceful ? 'gracefully' : 'by force'}`
    case 'lost':
      return `${entry.id} lost: ${entry.reason}`
    case 'noticed':
      return entry.message
    case 'turned-back':
      return `turning back: ${shorten(entry.reason)}`
    case 'finished':
      return `${entry.rollout}: ${entry.outcome}`
    default:
      return undefined
  }
}

function describePool(pool: { release: string; weight: number; instances: number }): string {
  return `${pool.release} ${pool.weight / 100} % on ${pool.instances}`
}

/** The first line, and of that the beginning. */
export function shorten(text: string): string {
  const [line = ''] = text.split('\n')
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}
