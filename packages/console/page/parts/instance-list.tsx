import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { InstanceGroup } from '../state/instances.ts'
import { agoText } from '../state/time-text.ts'
import { LogsDialog } from './logs-dialog.tsx'
import { useNow } from './time.tsx'

export interface InstanceListProps {
  readonly service: string
  readonly group: InstanceGroup
}

/** Every instance of a release, with what it printed on demand. */
export function InstanceList({ service, group }: InstanceListProps): JSX.Element {
  const now = useNow()
  const [logsOf, setLogsOf] = useState<string>()
  const instances = group.phases.flatMap((one) => one.instances)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={`List of ${group.release}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Phase</th>
            <th scope="col">Address</th>
            <th scope="col">Since</th>
            <th scope="col">
              <span class="unseen">Logs</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {instances.map(({ id, phase, address, since }) => (
            <tr key={id}>
              <td>{id}</td>
              <td>{phase}</td>
              <td>{address}</td>
              <td>{agoText(since, now)}</td>
              <td>
                <button type="button" class="quiet" onClick={() => setLogsOf(id)}>
                  Logs<span class="unseen"> of {id}</span>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {logsOf !== undefined && (
        <LogsDialog service={service} instance={logsOf} onClose={() => setLogsOf(undefined)} />
      )}
    </div>
  )
}
