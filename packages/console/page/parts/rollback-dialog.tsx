import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { paths, type RolloutView, type ServiceView } from '../../src/api/index.ts'
import { commandId } from '../api/client.ts'
import type { PageError } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'
import { rollbackText } from '../state/way-back.ts'
import { Dialog } from './dialog.tsx'
import { PlannedWayBack, useRollbackPlan } from './planned-way-back.tsx'

export interface RollbackDialogProps {
  readonly service: ServiceView
  readonly to: string
  readonly onClose: () => void
}

/** The one confirmation between a click and a rollback: it says what will happen, as the engine plans it. */
export function RollbackDialog({ service, to, onClose }: RollbackDialogProps): JSX.Element {
  const { client, go } = useApp()
  const plan = useRollbackPlan(service.name, to)
  const [refusal, setRefusal] = useState<PageError>()
  const [busy, setBusy] = useState(false)
  // The same for every try of this dialog: a second one is a replay, not a second rollback.
  const id = useRef(commandId())

  const rollBack = async (): Promise<void> => {
    setBusy(true)
    const result = await client.post<RolloutView>(paths.rollback(service.name), {
      id: id.current,
      to,
    })
    setBusy(false)
    if (!result.ok) return setRefusal(result.error)
    onClose()
    go({ screen: 'rollout', id: result.answer.id })
  }

  return (
    <Dialog
      title={`Roll ${service.name} back to ${to}?`}
      confirm={`Roll back to ${to}`}
      danger
      busy={busy}
      disabled={plan?.ok !== true}
      error={plan?.ok === false ? plan.error : refusal}
      onConfirm={() => void rollBack()}
      onClose={onClose}
    >
      {rollbackText(service, to).map((line) => (
        <p key={line}>{line}</p>
      ))}
      <PlannedWayBack plan={plan} />
    </Dialog>
  )
}
