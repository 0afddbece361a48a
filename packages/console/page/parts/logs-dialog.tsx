import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { paths } from '../../src/api/index.ts'
import type { Result } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'
import { Modal } from './modal.tsx'
import { Problem } from './problem.tsx'

export interface LogsDialogProps {
  readonly service: string
  readonly instance: string
  readonly onClose: () => void
}

/** The last lines that an instance printed. */
export function LogsDialog({ service, instance, onClose }: LogsDialogProps): JSX.Element {
  const { client } = useApp()
  const [logs, setLogs] = useState<Result<string>>()
  useEffect(() => {
    void client.getText(`${paths.logs(service, instance)}?lines=500`).then(setLogs)
  }, [client, service, instance])
  return (
    <Modal title={`Logs of ${instance}`} onClose={onClose}>
      {logs === undefined && <p class="faint">Asking…</p>}
      {logs?.ok === false && <Problem error={logs.error} />}
      {logs?.ok && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard
        <pre tabIndex={0}>{logs.answer === '' ? 'It has printed nothing.' : logs.answer}</pre>
      )}
      <div class="dialog-buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Modal>
  )
}
