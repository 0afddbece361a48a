import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { paths, type RolloutView, type ServiceView } from '../../src/api/index.ts'
import { useApp } from '../app-context.ts'
import { type Action, type ActionName, actionsOf } from '../state/actions.ts'
import { waitingText } from '../state/status.ts'
import { CommandDialog } from './command-dialog.tsx'
import { Problem } from './problem.tsx'
import { RollbackDialog } from './rollback-dialog.tsx'
import { useAnswer } from './use-answer.ts'
import { useCommand } from './use-command.ts'
import { Why } from './why.tsx'

const looks: Readonly<Record<ActionName, readonly [text: string, look: string]>> = {
  approve: ['Approve', 'primary'],
  reject: ['Reject', 'danger'],
  pause: ['Pause', ''],
  resume: ['Resume', 'primary'],
  promote: ['Promote', ''],
  abort: ['Abort', ''],
  rollback: ['Roll back', 'danger'],
}

/** What may be asked of the rollout now. Approve, pause and resume act at once; the others ask in words first. */
export function Actions({ view }: { readonly view: RolloutView }): JSX.Element {
  const { actor } = useApp()
  const [asking, setAsking] = useState<ActionName>()
  const { send, busy, error } = useCommand(view)
  const actions = actionsOf(view, actor)
  const waiting = waitingText(view)
  const refusals = refusalsOf(actions)

  const act = (name: ActionName): void => {
    if (name === 'approve' || name === 'pause' || name === 'resume') void send(name)
    else setAsking(name)
  }
  return (
    <>
      {waiting !== undefined && <p class="waiting">{waiting}</p>}
      <div class="actions" role="group" aria-label="Actions">
        {actions.map((action) => (
          <ActionButton
            key={action.name}
            action={action}
            busy={busy}
            onClick={() => act(action.name)}
          />
        ))}
      </div>
      {refusals.length > 0 && <p class="faint refusals">{refusals.join(' ')}</p>}
      <Problem error={error} />
      {asking !== undefined && (
        <Asking view={view} action={asking} onClose={() => setAsking(undefined)} />
      )}
    </>
  )
}

/** Each reason once, with the buttons that it is about. */
function refusalsOf(actions: readonly Action[]): readonly string[] {
  const reasons = new Set(actions.map(({ refusal }) => refusal).filter((one) => one !== undefined))
  return [...reasons].map((reason) => {
    const names = actions
      .filter(({ refusal }) => refusal === reason)
      .map(({ name }) => looks[name][0])
    return `${names.join(', ')}: ${reason}`
  })
}

interface ActionButtonProps {
  readonly action: Action
  readonly busy: boolean
  readonly onClick: () => void
}

function ActionButton({
  action: { name, refusal },
  busy,
  onClick,
}: ActionButtonProps): JSX.Element {
  const [text, look] = looks[name]
  return (
    <Why refusal={refusal}>
      <button type="button" class={look} disabled={busy || refusal !== undefined} onClick={onClick}>
        {text}
      </button>
    </Why>
  )
}

interface AskingProps {
  readonly view: RolloutView
  readonly action: ActionName
  readonly onClose: () => void
}

function Asking({ view, action, onClose }: AskingProps): JSX.Element | null {
  if (action === 'rollback' && view.outcome !== undefined)
    return <RollbackOfService view={view} onClose={onClose} />
  return <CommandDialog view={view} action={action} onClose={onClose} />
}

/** The rollout is over, so the service is what goes back. */
function RollbackOfService({ view, onClose }: Omit<AskingProps, 'action'>): JSX.Element | null {
  const { answer, error } = useAnswer<ServiceView>(paths.service(view.service))
  const target = view.outcome === 'promoted' ? view.from?.id : answer?.current?.id
  if (error) return <Problem error={error} />
  if (!answer || target === undefined) return null
  return <RollbackDialog service={answer} to={target} onClose={onClose} />
}
