import type { CommandName } from '@changeover/engine'
import type { RolloutCommandRequest, RolloutView } from '../../src/api/index.ts'
import { openApproval } from './actions.ts'

/** The command as it is sent: with the step that the sender saw, and for an approval its gate. */
export function commandOf(
  view: RolloutView,
  command: CommandName,
  id: string,
  reason: string | undefined,
): RolloutCommandRequest {
  const gate = command === 'approve' ? openApproval(view)?.gate : undefined
  const { position, direction } = view
  // One line in the journal, however it was typed.
  const line = reason?.replaceAll(/\s+/g, ' ').trim() ?? ''
  return {
    id,
    seen: { position, direction },
    ...(gate === undefined ? {} : { gate }),
    ...(line === '' ? {} : { reason: line }),
  }
}
