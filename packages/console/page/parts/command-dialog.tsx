import type { CommandName } from '@changeover/engine'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { RolloutView } from '../../src/api/index.ts'
import { useApp } from '../app-context.ts'
import { type ActionName, roleRefusal } from '../state/actions.ts'
import { wayBackText } from '../state/way-back.ts'
import { Dialog } from './dialog.tsx'
import { PlannedWayBack, useRollbackPlan } from './planned-way-back.tsx'
import { Problem } from './problem.tsx'
import { useCommand } from './use-command.ts'

export interface CommandDialogProps {
  readonly view: RolloutView
  readonly action: ActionName
  readonly onClose: () => void
}

interface Question {
  readonly title: string
  readonly confirm: string
  readonly danger: boolean
  readonly command: CommandName
  readonly lines: readonly string[]
  /** Whether a reason may be given, or must. */
  readonly reason: 'none' | 'optional' | 'required'
}

/** Says what a command will do, and asks for a reason where one belongs into the journal. */
export function CommandDialog({ view, action, onClose }: CommandDialogProps): JSX.Element | null {
  const { send, busy, error } = useCommand(view)
  const [reason, setReason] = useState('')
  const question = questionOf(view, action)
  // Whoever may only approve or reject may not ask for plans.
  const mayPlan = roleRefusal(useApp().actor, 'operator') === undefined
  if (!question) return null
  // What was asked no longer means anything, and must not look as if it did.
  const hasEnded = view.outcome !== undefined

  const confirm = async (): Promise<void> => {
    if (await send(question.command, reason.trim())) onClose()
  }
  return (
    <Dialog
      title={question.title}
      confirm={question.confirm}
      danger={question.danger}
      busy={busy}
      disabled={hasEnded || (question.reason === 'required' && reason.trim() === '')}
      error={error}
      onConfirm={() => void confirm()}
      onClose={onClose}
    >
      {hasEnded ? (
        <p role="alert">The rollout has ended meanwhile ({view.outcome}): nothing is left to do.</p>
      ) : (
        question.lines.map((line) => <p key={line}>{line}</p>)
      )}
      {!hasEnded && action !== 'promote' && mayPlan && <TurningBack service={view.service} />}
      {question.reason !== 'none' && (
        <label class="reason">
          Reason{question.reason === 'optional' && ' (optional)'}, for the journal
          <textarea
            rows={2}
            maxLength={500}
            required={question.reason === 'required'}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
      )}
    </Dialog>
  )
}

/** Where the engine cannot tell its plan now, the way back is open all the same. */
function TurningBack({ service }: { readonly service: string }): JSX.Element {
  const plan = useRollbackPlan(service, undefined)
  return (
    <>
      <PlannedWayBack plan={plan} />
      {plan?.ok === false && <Problem error={plan.error} />}
    </>
  )
}

function questionOf(view: RolloutView, action: ActionName): Question | undefined {
  const back = { danger: true, lines: wayBackText(view) }
  switch (action) {
    case 'reject':
      return {
        ...back,
        title: `Reject ${view.to.id}?`,
        confirm: `Reject ${view.to.id}`,
        command: 'abort',
        reason: 'required',
      }
    case 'abort':
      return {
        ...back,
        title: 'Abort this rollout?',
        confirm: 'Abort the rollout',
        command: 'abort',
        reason: 'optional',
      }
    case 'rollback':
      return {
        ...back,
        title: view.from
          ? `Roll ${view.service} back to ${view.from.id}?`
          : `Take ${view.to.id} back?`,
        confirm: view.from ? `Roll back to ${view.from.id}` : 'Take it back',
        command: 'rollback',
        reason: 'optional',
      }
    case 'promote':
      return promotion(view)
    case 'approve':
    case 'pause':
    case 'resume':
      return undefined
  }
}

function promotion(view: RolloutView): Question {
  const gates = view.gates.filter(({ verdict }) => verdict === undefined).map(({ gate }) => gate)
  const skipped =
    gates.length === 0 ? 'No gate is left' : `The gates ${gates.join(', ')} will not be asked`
  return {
    title: `Promote ${view.to.id} without waiting?`,
    confirm: `Promote ${view.to.id}`,
    danger: true,
    command: 'promote',
    reason: 'optional',
    lines: [
      `${skipped}, and every wait still to come is skipped. All traffic of ${view.service} goes to "${view.to.id}" (${view.to.version}) as fast as its instances are ready.`,
      'Readiness and draining are not skipped. The journal keeps your name.',
    ],
  }
}
