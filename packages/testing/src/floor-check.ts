import { ChangeoverError, createEngine, type EngineOptions, type Plan } from '@changeover/engine'
import { traces } from './plan-refusal.ts'

/**
 * What is wrong where, after a promotion, the schema no longer carries the release before: a rollback there has to be
 * refused, and to leave nothing behind.
 */
export async function floorProblems(
  ports: EngineOptions,
  { service, from, to }: Pick<Plan, 'from' | 'service' | 'to'>,
): Promise<string[]> {
  if (!from) return []
  const floor = async (): Promise<string> => to.id
  await using engine = createEngine({ ...ports, migrations: { floor, check: safe, apply: safe } })
  const before = await traces(ports, service)
  const answer = await engine.rollback(service, { to: from.id, by: 'person 1' }).then(
    () => 'it was started',
    (error: unknown) => (error instanceof ChangeoverError ? error.code : String(error)),
  )
  const after = await traces(ports, service)
  const refused = answer === 'CHANGEOVER_ROLLBACK_IMPOSSIBLE'
  return [
    ...(refused
      ? []
      : [`rule 9: back to ${from.id}, which the schema no longer carries: ${answer}`]),
    ...(before === after ? [] : [`rule 9: a refused rollback left ${after}, after ${before}`]),
  ]
}

async function safe(): Promise<{ verdict: 'safe'; findings: readonly string[] }> {
  return { verdict: 'safe', findings: [] }
}
