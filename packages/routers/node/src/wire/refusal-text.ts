import { type Refusal, refusalMessage } from '../refusal.ts'
import { fieldText } from './fields.ts'

/** A refusal as bytes; without a body where `method` has none. `last`: the connection ends with it. */
export function refusalText(refusal: Refusal, method: string, last: boolean): string {
  const { phrase, headers, body } = refusalMessage(refusal)
  const fields = fieldText(last ? [...headers, 'Connection', 'close'] : headers)
  return `HTTP/1.1 ${refusal.status} ${phrase}\r\n${fields}\r\n${method === 'HEAD' ? '' : body}`
}

/** To a client whose request did not come whole in time. */
export const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
