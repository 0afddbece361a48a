import type { Entry } from '@changeover/engine'
import { counted, percentOf, timeOfDay } from './amounts.ts'
import { marked, type Mark, type Style, visible } from './style.ts'

/** What a journal entry tells people who read along, one line each; undefined for what goes without saying. Pure. */
export function entryLine(entry: Entry, style: Style): string | undefined {
  const told = telling(entry)
  if (!told) return undefined
  return `${timeOfDay(entry.at)}  ${marked(told[0], visible(told[1], style), style)}`
}

function telling(entry: Entry): readonly [Mark, string] | undefined {
  switch (entry.type) {
    case 'created':
      return [
        'active',
        `${entry.plan.strategy} of ${entry.plan.service} to ${entry.plan.to.id}${by(entry.by)}`,
      ]
    case 'led':
      return ['active', `led by ${entry.holder}`]
    case 'ready':
      return ['done', `${entry.id} is ready`]
    case 'unready':
      return ['warning', `${entry.id} is ready no more: ${entry.reason}`]
    case 'lost':
      return ['failed', `${entry.id} is lost: ${entry.reason}`]
    case 'routes-converged':
      return ['done', `the router follows (${entry.evidence})`]
    case 'routes-intended':
      return [
        'active',
        `routes: ${entry.pools.map((pool) => `${pool.release} ${percentOf(pool.weight)}`).join(', ') || 'none'}`,
      ]
    case 'stopped':
      return ['done', `${entry.id} is stopped${entry.graceful ? '' : ' by force'}`]
    default:
      return decision(entry)
  }
}

/** Who or what decided something. */
function decision(entry: Entry): readonly [Mark, string] | undefined {
  switch (entry.type) {
    case 'judged': {
      const { verdict, evidence, reason } = entry.verdict
      const mark = verdict === 'pass' ? 'done' : verdict === 'fail' ? 'failed' : 'warning'
      return [
        mark,
        `gate "${entry.gate}": ${verdict} (${counted(evidence, 'observation')}): ${reason}`,
      ]
    }
    case 'commanded':
      return ['active', `${entry.command} by ${entry.by}${entry.reason ? `: ${entry.reason}` : ''}`]
    case 'held':
      return ['warning', `gate "${entry.gate}" holds: ${entry.reason}`]
    case 'closed':
      return ['waiting', `paused: ${entry.reason}`]
    case 'opened':
      return ['active', 'goes on: the window is open']
    case 'noticed':
      return ['warning', entry.message]
    case 'turned-back':
      return ['failed', `given up: ${entry.code}: ${entry.reason}`]
    default:
      return undefined
  }
}

function by(name: string | undefined): string {
  return name === undefined ? '' : `, asked for by ${name}`
}
