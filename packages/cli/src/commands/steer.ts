import { randomUUID } from 'node:crypto'
import {
  type GateView,
  paths,
  type RolloutCommandRequest,
  type RolloutView,
} from '@changeover/console/api'
import type { CommandName } from '@changeover/engine'
import { commandError } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { counted } from '../view/amounts.ts'
import { marked, visible } from '../view/style.ts'
import { statusOf } from '../view/rollout-status.ts'
import { followToEnd } from './follow.ts'
import type { Shell } from './shell.ts'
import { rolloutMeant } from './target.ts'

/** One person's yes at the gate that is open. */
export async function runApprove(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'approve', (view) => ({
    gate: openGate(shell, view).gate,
    seen: seenOf(view),
  }))
}

/** Their no: the new release is given up. */
export async function runReject(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'abort', (view) => {
    const { gate } = openGate(shell, view)
    const why = shell.options.text('reason')
    const reason = `rejected at gate "${gate}"${why === undefined ? '' : `: ${why}`}`
    return { reason, seen: seenOf(view) }
  })
}

export async function runPromote(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'promote', (view) => ({ seen: seenOf(view) }))
}

export async function runPause(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'pause')
}

export async function runResume(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'resume')
}

export async function runAbort(shell: Shell): Promise<ExitCode> {
  return steer(shell, 'abort')
}

type Extras = Partial<Omit<RolloutCommandRequest, 'id'>>

async function steer(
  shell: Shell,
  command: CommandName,
  extras: (view: RolloutView) => Extras = () => ({}),
): Promise<ExitCode> {
  const client = shell.client()
  const view = await rolloutMeant(shell, client)
  const reason = shell.options.text('reason')
  const own = reason === undefined ? {} : { reason }
  const body = { id: randomUUID(), ...own, ...extras(view) }
  const after = await client.post<RolloutView>(paths.command(view.id, command), body)
  if (shell.options.flag('wait'))
    return followToEnd(shell, view.id, command === 'abort' ? 'rolled-back' : 'promoted')
  tell(shell, after)
  return EXIT.ok
}

function tell(shell: Shell, view: RolloutView): void {
  if (shell.isJson)
    return shell.json('rollout', { rollout: view, detached: view.outcome === undefined })
  const { mark, text } = statusOf(view.status)
  const { style } = shell.terminal
  const note = view.status === 'rolling-back' ? '' : whereItStands(view)
  shell.terminal.out(
    `${view.service} (${view.id}): ${marked(mark, text, style)}${visible(note, style)}`,
  )
}

function whereItStands(view: RolloutView): string {
  const step = view.steps[view.position]
  if (!step || view.outcome !== undefined) return ''
  const open = view.gates.find((gate) => gate.open && gate.kind === 'approve')
  const missing = open ? open.quorum - open.approvals.length : 0
  return `, ${step.text}${missing > 0 ? ` (${counted(missing, 'approval')} missing)` : ''}`
}

/** @throws CommandError `CHANGEOVER_NO_OPEN_GATE` */
function openGate({ options }: Shell, view: RolloutView): GateView {
  const wished = options.text('gate')
  const open = view.gates.find(
    (gate) =>
      gate.open && gate.kind === 'approve' && (wished === undefined || gate.gate === wished),
  )
  if (open) return open
  const { id, service, status } = view
  const state = wished === undefined ? status : `${status}; gate "${wished}" is not open`
  throw commandError('CHANGEOVER_NO_OPEN_GATE', { rollout: id, service, state })
}

function seenOf({ position, direction }: RolloutView): NonNullable<Extras['seen']> {
  return { position, direction }
}
