import type { CommandName, Rollout } from '@changeover/engine'
import { assertMay } from '../access/policy.ts'
import type { RolloutCommandRequest, RolloutView } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import type { Answer } from '../http/answer.ts'
import { actorOf, type Call, type Endpoint, endpoint } from '../http/endpoint.ts'
import { rolloutView } from '../views/rollout-view.ts'
import { type ConsoleParts, fourEyesOf, storyOf, viewOf } from './console-parts.ts'
import { APPROVE_BODY, PROMOTE_BODY, ROLLOUT_COMMAND_BODY } from './request-schemas.ts'

/** What people ask of a rollout under way. */
export function rolloutCommands(parts: ConsoleParts): Endpoint[] {
  const steer = (command: 'pause' | 'resume' | 'abort' | 'rollback', does: string): Endpoint =>
    endpoint({
      method: 'POST',
      path: `/api/v1/rollouts/:rollout/${command}`,
      action: command,
      recorded: command,
      does,
      answers: '`RolloutView`',
      body: ROLLOUT_COMMAND_BODY,
      handle: (call) => obey(parts, call, command, (rollout, request) => rollout[command](request)),
    })
  return [
    endpoint({
      method: 'POST',
      path: '/api/v1/rollouts/:rollout/approve',
      action: 'approve',
      recorded: 'approve',
      does: 'Approves a gate. `seen` is needed.',
      answers: '`RolloutView`',
      body: APPROVE_BODY,
      handle(call) {
        const { gate } = call.body
        return obey(parts, call, 'approve', (rollout, request) =>
          rollout.approve({ ...request, gate }),
        )
      },
    }),
    steer('pause', 'Stops the clock of the step under way, and begins nothing new.'),
    steer('resume', 'Goes on after a pause, or tries a gate anew that holds.'),
    endpoint({
      method: 'POST',
      path: '/api/v1/rollouts/:rollout/promote',
      action: 'promote',
      recorded: 'promote',
      does: 'Overrides every gate and bake still to come. `seen` is needed.',
      answers: '`RolloutView`',
      body: PROMOTE_BODY,
      handle: (call) =>
        obey(parts, call, 'promote', (rollout, request) => rollout.promote(request)),
    }),
    steer(
      'abort',
      'Gives the new release up. Approvers may while the rollout waits for an approval: that is "reject".',
    ),
    steer('rollback', 'The same as abort, under the name that people look for.'),
  ]
}

type Request = Parameters<Rollout['pause']>[0]
type CommandCall = Call & { readonly body: RolloutCommandRequest }

/** Does what is asked, where the actor may and has seen what it would act on. */
async function obey(
  parts: ConsoleParts,
  call: CommandCall,
  command: CommandName,
  act: (rollout: Rollout, request: Request) => Promise<void>,
): Promise<Answer> {
  const { body } = call
  const actor = actorOf(call)
  const id = call.param('rollout')
  const { state, ...story } = await storyOf(parts, id)
  const view = rolloutView({ state, ...story })
  assertMay(actor, command, view, termsOf(parts, view, body))
  if (state.commands.has(body.id))
    throw consoleError('CHANGEOVER_CONSOLE_REPLAYED', { id: body.id })
  assertFresh(view, command, body)
  assertOpen(view, command, body)
  const { reason } = body
  await parts.replays.once(body.id, async () => {
    const rollout = await parts.engine.rollout(id)
    const request = { by: actor.name, id: body.id, ...(reason === undefined ? {} : { reason }) }
    await act(rollout, request)
  })
  return { status: 200, body: await viewOf(parts, id) }
}

function termsOf(
  parts: ConsoleParts,
  { service }: RolloutView,
  { gate }: RolloutCommandRequest,
): Parameters<typeof assertMay>[3] {
  const fourEyes = fourEyesOf(parts)(service)
  return { fourEyes, ...(gate === undefined ? {} : { gate }) }
}

/** @throws ConsoleError `CHANGEOVER_CONSOLE_STALE` */
function assertFresh(view: RolloutView, command: string, { seen }: RolloutCommandRequest): void {
  if (!seen || (seen.position === view.position && seen.direction === view.direction)) return
  const [was, is] = [seen, view].map((at) => `step ${at.position + 1} ${wayOf(at.direction)}`)
  const problem = `it was seen at ${was}, and is at ${is}`
  throw consoleError('CHANGEOVER_CONSOLE_STALE', { command, rollout: view.id, problem })
}

/**
 * A yes to a gate that is still to come is a yes to what nobody has seen yet. What is no gate, and what has ended or goes
 * back, the engine refuses by codes of its own.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_STALE`
 */
function assertOpen(view: RolloutView, command: string, { gate }: RolloutCommandRequest): void {
  if (command !== 'approve' || view.outcome !== undefined || view.direction === 'back') return
  if (view.gates.every((one) => one.gate !== gate || one.kind !== 'approve' || one.open)) return
  const problem = `gate "${gate}" is not open`
  throw consoleError('CHANGEOVER_CONSOLE_STALE', { command, rollout: view.id, problem })
}

function wayOf(direction: 'forward' | 'back'): string {
  return direction === 'forward' ? 'of its plan' : 'of its way back'
}
