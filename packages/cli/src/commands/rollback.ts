import { randomUUID } from 'node:crypto'
import { paths, type PlanView, type RolloutSummaryView } from '@changeover/console/api'
import { commandError } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { visibleLines } from '../view/style.ts'
import { followToEnd } from './follow.ts'
import type { Shell } from './shell.ts'

/** Shows what going back would do, asks, and goes back. */
export async function runRollback(shell: Shell): Promise<ExitCode> {
  const { options, terminal } = shell
  const client = shell.client()
  const name = options.argument(0)
  const to = options.text('to')
  const reason = options.text('reason')
  const why = reason === undefined ? {} : { reason }
  const asked = { ...(to === undefined ? {} : { to }), ...why }
  const { plan, text } = await client.post<PlanView>(paths.rollbackPlan(name), asked)
  if (!options.flag('yes') && !(await isConfirmed(shell, name, text))) {
    terminal.err('Nothing was done.')
    return EXIT.refused
  }
  // What was shown is what was said yes to: another release may be the one before by now.
  const shown = plan.from && plan.from.id !== plan.to.id ? { to: plan.to.id } : {}
  const body = { id: randomUUID(), ...asked, ...shown }
  const rollout = await client.post<RolloutSummaryView>(paths.rollback(name), body)
  if (options.flag('wait', true)) {
    // A rollout under way turns back; where there is none, a new one leads to the release of before.
    const isNew = plan.from !== undefined && rollout.to.id === plan.to.id
    return followToEnd(shell, rollout.id, isNew ? 'promoted' : 'rolled-back')
  }
  if (shell.isJson) shell.json('rollout', { rollout, detached: true })
  else terminal.out(rollout.id)
  return EXIT.ok
}

/** @throws CommandError `CHANGEOVER_CONFIRMATION_MISSING` where nobody can be asked */
async function isConfirmed(shell: Shell, name: string, text: string): Promise<boolean> {
  const { terminal, signal, command } = shell
  terminal.err(visibleLines(text.trimEnd(), terminal.style))
  if (!terminal.canAsk) throw commandError('CHANGEOVER_CONFIRMATION_MISSING', { command })
  const answer = await terminal.ask(`\nRoll back ${name}? [y/N] `, signal)
  // The input ended behind the question.
  if (answer === undefined) terminal.err('')
  return /^y(?:es)?$/i.test(answer?.trim() ?? '')
}
