import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend } from '../backends.ts'
import { routedShop } from '../shop.ts'
import { requestBytes } from './arbitraries.ts'
import { requestsByFastPath } from './strict-reader.ts'

/**
 * Sends bytes on a connection from an address of its own. Resolves with what the instance was asked by then, in order:
 * at least the requests that are `expected`.
 */
type Way = (bytes: Buffer, from: string, expected: number) => Promise<readonly string[]>

/** Differs with the path taken, and means nothing to an application. */
const OWN = new Set(['connection', 'transfer-encoding', 'content-length'])

async function way(fastPath: boolean): Promise<Way> {
  const asked = new Map<unknown, string[]>()
  const { address } = await backend((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { rawHeaders } = request
      const raw = rawHeaders.filter(
        (_text, i) => !OWN.has((rawHeaders[i - (i % 2)] ?? '').toLowerCase()),
      )
      const body = Buffer.concat(chunks).toString('latin1')
      const from = request.headers['x-forwarded-for']
      const known = asked.get(from) ?? []
      asked.set(from, [...known, JSON.stringify([request.method, request.url, raw, body])])
      response.end('ok')
    })
  })
  const router = await routedShop({ releases: { v1: [address] } }, { fastPath })
  const port = Number(new URL(router.url('shop')).port)
  return async (bytes, from, expected) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    socket.on('error', () => undefined).resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await once(socket, 'connect')
    socket.write(bytes)
    const due = (): boolean => !socket.destroyed && (asked.get(from)?.length ?? 0) < expected
    for (let i = 0; i < 500 && due(); i++) await sleep(10)
    // For what comes beyond that, if anything does.
    await Promise.race([closed, sleep(30)])
    socket.destroy()
    return asked.get(from) ?? []
  }
}

/** What was asked late, or broken off with what came behind it, is missing from one of them; nothing else differs. */
function expectSameBeginning(one: readonly string[], other: readonly string[]): void {
  const common = Math.min(one.length, other.length)
  expect(one.slice(0, common)).toEqual(other.slice(0, common))
}

// Other systems have only one loopback address, and clients are told apart by theirs.
test.runIf(process.platform === 'linux')(
  'the same bytes are the same requests to an instance by either path, whatever they are',
  async () => {
    const [fast, slow] = await Promise.all([way(true), way(false)])
    let clients = 0
    let served = 0
    const compare = async (bytes: Buffer): Promise<void> => {
      clients += 1
      const from = `127.${1 + (clients >> 14)}.${(clients >> 7) & 127}.${1 + (clients & 127)}`
      const plain = requestsByFastPath(bytes)
      const [byFast, bySlow] = await Promise.all([
        fast(bytes, from, plain.length),
        slow(bytes, from, plain.length),
      ])
      expectSameBeginning(byFast, bySlow)
      const asked = byFast.map((text) => JSON.parse(text)[1] as string)
      expect(asked.slice(0, plain.length)).toEqual(plain.map(({ target }) => target))
      served += Math.min(byFast.length, bySlow.length)
    }
    const streams = fc.array(requestBytes, { minLength: 24, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(streams, async (all) => void (await Promise.all(all.map(compare)))),
      { numRuns: Number(process.env['CHANGEOVER_FUZZ_RUNS'] ?? 400) / 40, endOnFailure: true },
    )
    expect(served).toBeGreaterThan(clients / 10)
  },
)
