import type { IncomingMessage } from 'node:http'
import { consoleError } from '../console-error.ts'
import type { Actor } from './access.ts'
import { isActorName } from './actor-name.ts'

/** Names who asks over the agent's own socket. No other way in looks at it. */
const ACTOR_HEADER = 'x-changeover-actor'

/**
 * Whoever can open the agent's socket owns it: an operator, by the name that they give. For `localHandler` only.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_ACTOR_INVALID` (400)
 */
export function localActor(request: Pick<IncomingMessage, 'headers'>): Actor {
  const name = request.headers[ACTOR_HEADER] ?? 'local'
  if (typeof name !== 'string' || !isActorName(name))
    throw consoleError('CHANGEOVER_CONSOLE_ACTOR_INVALID', {
      problem: name === '' ? 'it is empty' : 'it is no name for the journal',
    })
  return { name, role: 'operator', via: 'socket', csrf: undefined, from: undefined }
}
