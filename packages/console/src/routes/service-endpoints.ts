import type { DeployRequest } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import { STREAMING } from '../http/answer.ts'
import { actorOf, type Call, type Endpoint, endpoint } from '../http/endpoint.ts'
import { planView } from '../views/plan-view.ts'
import { summaryView } from '../views/service-view.ts'
import { type ConsoleParts, findService, listServices, viewOf } from './console-parts.ts'
import { DEPLOY_BODY, PLAN_BODY, ROLLBACK_BODY, ROLLBACK_PLAN_BODY } from './request-schemas.ts'
import { assertMaySupersede } from './superseding.ts'

/** What may be seen of services, and asked for them. */
export function serviceEndpoints(parts: ConsoleParts): Endpoint[] {
  return [...serviceReads(parts), ...deployEndpoints(parts), ...rollbackEndpoints(parts)]
}

function serviceReads(parts: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/v1/services',
      action: 'read',
      does: 'Every service that is set up or has a history, by name.',
      answers: '`ServiceView[]`',
      handle: async () => ({ status: 200, body: await listServices(parts) }),
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/services/:service',
      action: 'read',
      does: 'One service.',
      answers: '`ServiceView`',
      handle: async (call) => ({ status: 200, body: await knownService(parts, call) }),
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/services/:service/history',
      action: 'read',
      does: 'Its rollouts, oldest first.',
      answers: '`RolloutSummaryView[]`',
      async handle(call) {
        const { name } = await knownService(parts, call)
        const history = await parts.store.rollouts({ service: name })
        return { status: 200, body: history.map(summaryView) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/events',
      action: 'read',
      does: 'Server-sent events: `services`, at once and after each change.',
      answers: '`ConsoleEventMap`',
      async handle({ request, response, actor }) {
        if (request.method === 'HEAD') return { status: 200 }
        parts.hub.watchServices(response, actorOf({ actor }))
        return STREAMING
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/services/:service/releases/:release/migrations',
      action: 'read',
      does: "What a release's schema changes do, and where the way back ends.",
      answers: '`MigrationReportView`',
      async handle({ param }) {
        const release = param('release')
        const report = await parts.migrations?.(param('service'), release)
        if (report) return { status: 200, body: report }
        const what = `migration report for the release "${release}"`
        throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what })
      },
    }),
  ]
}

function deployEndpoints(parts: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/api/v1/services/:service/plan',
      action: 'plan',
      does: 'What a deploy would do, step by step. Changes nothing; `id` may be left out.',
      answers: '`PlanView`',
      body: PLAN_BODY,
      async handle(call) {
        const request = await startRequest(parts, call, { id: 'plan', ...call.body })
        return { status: 200, body: planView(await parts.engine.plan(request)) }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/api/v1/services/:service/deploy',
      action: 'deploy',
      recorded: 'deploy',
      does: 'Starts a rollout, and answers as soon as it is journaled.',
      answers: '201 `RolloutView`',
      body: DEPLOY_BODY,
      async handle(call) {
        assertActive(parts)
        if (call.body.supersede === true)
          await assertMaySupersede(parts, call.param('service'), actorOf(call))
        const { id } = await parts.replays.once(call.body.id, async () =>
          parts.engine.start(await startRequest(parts, call, call.body)),
        )
        return { status: 201, body: await viewOf(parts, id) }
      },
    }),
  ]
}

function rollbackEndpoints(parts: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/api/v1/services/:service/rollback',
      action: 'rollback',
      recorded: 'rollback',
      does: 'Goes back to a recorded release: by taking back the rollout under way that came from there, or by a new one.',
      answers: '201 `RolloutView`',
      body: ROLLBACK_BODY,
      async handle(call) {
        const { name } = await knownService(parts, call)
        assertActive(parts)
        const by = actorOf(call).name
        const { id } = await parts.replays.once(call.body.id, () =>
          parts.engine.rollback(name, { by, ...targetOf(call.body), ...reasonOf(call.body) }),
        )
        return { status: 201, body: await viewOf(parts, id) }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/api/v1/services/:service/rollback/plan',
      action: 'plan',
      does: 'What that rollback would do now. Changes nothing; `id` may be left out.',
      answers: '`PlanView`',
      body: ROLLBACK_PLAN_BODY,
      async handle(call) {
        const { name } = await knownService(parts, call)
        const plan = await parts.engine.planRollback(name, targetOf(call.body))
        return { status: 200, body: planView(plan) }
      },
    }),
  ]
}

/** A rollout that begins here would be led here, where the instances are not. */
function assertActive({ agent }: ConsoleParts): void {
  if (agent?.describe().state === 'standby') throw consoleError('CHANGEOVER_CONSOLE_STANDBY')
}

function targetOf({ to }: { readonly to?: string }): { readonly to?: string } {
  return to === undefined ? {} : { to }
}

function reasonOf({ reason }: { readonly reason?: string }): { readonly reason?: string } {
  return reason === undefined ? {} : { reason }
}

async function knownService(
  parts: ConsoleParts,
  { param }: Call,
): Promise<NonNullable<Awaited<ReturnType<typeof findService>>>> {
  const name = param('service')
  const service = await findService(parts, name)
  if (service) return service
  throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: `service "${name}"` })
}

/** What the console's owner makes of a request; who asks, and what is superseded, is as the request says. */
async function startRequest(
  { deploys }: ConsoleParts,
  call: Call,
  body: DeployRequest,
): Promise<Awaited<ReturnType<NonNullable<ConsoleParts['deploys']>>>> {
  const actor = actorOf(call)
  if (!deploys)
    throw consoleError('CHANGEOVER_CONSOLE_UNAVAILABLE', { action: 'deploy', port: 'deploys' })
  const request = await deploys(call.param('service'), body, actor)
  const { supersede, giveUpRollbackTo } = body
  return {
    ...request,
    by: actor.name,
    ...(supersede === undefined ? {} : { supersede }),
    ...(giveUpRollbackTo === undefined ? {} : { giveUpRollbackTo }),
  }
}
