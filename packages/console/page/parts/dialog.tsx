import type { ComponentChildren, JSX } from 'preact'
import type { PageError } from '../api/page-error.ts'
import { Modal } from './modal.tsx'
import { Problem } from './problem.tsx'

export interface DialogProps {
  readonly title: string
  /** What saying yes does, as a verb. */
  readonly confirm: string
  readonly danger?: boolean
  readonly busy: boolean
  /** Not to be confirmed yet. */
  readonly disabled?: boolean
  readonly error: PageError | undefined
  readonly onConfirm: () => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Asks once, in words. */
export function Dialog(props: DialogProps): JSX.Element {
  const { title, confirm, danger, busy, disabled, error, onConfirm, onClose, children } = props
  return (
    <Modal title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && !disabled) onConfirm()
        }}
      >
        {children}
        <Problem error={error} />
        <div class="dialog-buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy || disabled}>
            {busy ? 'Sending…' : confirm}
          </button>
        </div>
      </form>
    </Modal>
  )
}
