import type { Entry } from '@changeover/engine'

/** What people want to know of an entry; undefined for those that only an engine needs. */
export function telling(entry: Entry): string | undefined {
  switch (entry.type) {
    case 'step-started':
      return `${entry.step.step} …`
    case 'routes-converged':
      return `the router follows revision ${entry.revision}: ${entry.evidence}`
    case 'judged':
      return `${entry.gate}: ${entry.verdict.verdict}, ${entry.verdict.reason}`
    case 'commanded':
      return `${entry.by} says ${entry.command}`
    case 'stopped':
      return `${entry.id} stopped${entry.graceful ? '' : ' by force'}`
    case 'turned-back':
      return `turns back: ${entry.reason}`
    case 'finished':
      return entry.outcome
    default:
      return undefined
  }
}
