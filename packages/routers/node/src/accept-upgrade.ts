import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.ts'
import { returnedHeaders, survey } from './headers.ts'
import type { RoutedInstance } from './routed-pool.ts'

/**
 * Passes 101 on, and connects the client with its instance.
 *
 * @returns false where nothing was passed on, since the client did not ask for this protocol
 */
export function acceptUpgrade(
  exchange: Exchange,
  at: RoutedInstance,
  answer: IncomingMessage,
): boolean {
  const { inbound, context } = exchange
  const { statusCode, statusMessage, rawHeaders, headers, socket: instance } = answer
  const { upgrade } = inbound
  if (!upgrade || statusCode !== 101 || headers.upgrade?.toLowerCase() !== upgrade.protocol)
    return false
  const { protocol } = upgrade
  const done = context.inFlight.upgrade(at.inFlight)
  exchange.over = true
  exchange.at = undefined
  instance.setTimeout(0)
  const client = upgrade.accept()
  const passed = [...returnedHeaders(rawHeaders, survey(rawHeaders), 'none')]
  passed.push('Connection', 'Upgrade', 'Upgrade', headers.upgrade)
  const lines = passed.map((text, i) => text + (i % 2 === 0 ? ': ' : '\r\n')).join('')
  client.write(`HTTP/1.1 101 ${statusMessage}\r\n${lines}\r\n`, 'latin1')
  context.upgrades.open(at.inFlight, { client, instance, protocol, done })
  return true
}
