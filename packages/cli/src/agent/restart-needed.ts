import { isDeepStrictEqual } from 'node:util'
import type { AgentConfig, AgentService } from '../config/agent-config.ts'

/** What of a new config cannot come into force while the agent runs, by the names of its fields. Pure. */
export function restartNeeded(before: AgentConfig, after: AgentConfig): readonly string[] {
  const parts = (['router', 'store', 'fleet', 'metrics'] as const).filter(
    (part) => !isSameChoice(before[part], after[part]),
  )
  const plain = (['http', 'leaseTtl', 'logLevel'] as const).filter(
    (field) => !isDeepStrictEqual(before[field], after[field]),
  )
  const hooks = isDeepStrictEqual(hookNames(before), hookNames(after)) ? [] : ['the names of hooks']
  const services = [...after.services.values()].flatMap((service) =>
    movedParts(before.services.get(service.name), service),
  )
  return [...parts, ...plain, ...hooks, ...services]
}

function hookNames({ hooks }: AgentConfig): readonly string[] {
  return Object.keys(hooks).toSorted()
}

/** Objects that a config makes are new with each load; the first ones stay. */
function isSameChoice(
  before: AgentConfig['router' | 'store' | 'fleet' | 'metrics'],
  after: AgentConfig['router' | 'store' | 'fleet' | 'metrics'],
): boolean {
  if (before.kind === 'given' || after.kind === 'given') return before.kind === after.kind
  return before.kind === after.kind && isDeepStrictEqual(before.options, after.options)
}

function movedParts(before: AgentService | undefined, after: AgentService): readonly string[] {
  if (before === undefined) return []
  const listen = isDeepStrictEqual(before.listen, after.listen) ? [] : ['port']
  const router = isDeepStrictEqual(before.router, after.router) ? [] : ['router']
  return [...listen, ...router].map((field) => `services.${after.name}.${field}`)
}
