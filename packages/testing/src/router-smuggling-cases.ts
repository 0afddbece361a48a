import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { aWhile } from './case-patience.ts'
import { faultsOf, type RecordedRequest } from './recorded-request.ts'
import { onTraffic, type RouterCase } from './router-bench.ts'
import { type Wire, wireCase } from './router-wire.ts'
import {
  AMBIGUOUS_HOSTS,
  AMBIGUOUS_LENGTHS,
  MALFORMED_HEADS,
  OVERSIZED_HEADS,
  type SmuggledRequest,
  smuggledRequests,
} from './smuggled-requests.ts'

/** Far longer than a router thinks about what it has got whole. */
const ANSWER_MS = 3_000

/** What two readers could take for different things reaches no instance that way. */
export const smugglingCases: readonly RouterCase[] = onTraffic([
  wireCase(
    'ambiguous-length',
    'a request whose end can be read in two ways is refused, or reaches the instance as one, and no other with it',
    async (wire) => assertPlain(wire, await smuggle(wire, AMBIGUOUS_LENGTHS)),
  ),
  wireCase(
    'malformed-head',
    'a head that is none by the letter is refused, or reaches the instance by the letter',
    async (wire) => assertPlain(wire, await smuggle(wire, MALFORMED_HEADS)),
  ),
  wireCase(
    'ambiguous-host',
    'a request for no host or for two is refused, or reaches the instance with one',
    async (wire) => assertPlain(wire, await smuggle(wire, AMBIGUOUS_HOSTS)),
  ),
  wireCase(
    'oversized-head',
    'a head without measure is refused, and reaches no instance',
    async (wire) => {
      const sent = await smuggle(wire, OVERSIZED_HEADS)
      const taken = sent.filter(
        ({ request, status }) => status < 400 || reached(wire, request.path).length > 0,
      )
      assert.deepEqual(
        taken.map(({ request }) => request.what),
        [],
      )
      await assertServing(wire)
    },
  ),
])

interface Attempt {
  readonly request: SmuggledRequest
  /** What it was answered with first; 499 where the connection was closed without an answer, 0 where nothing came. */
  readonly status: number
}

const CLOSED = 499
const STATUS = /^HTTP\/1\.[01] (\d{3})/

/** Sends each of them on a connection of its own. */
async function smuggle(
  wire: Wire,
  texts: Parameters<typeof smuggledRequests>[0],
): Promise<readonly Attempt[]> {
  const requests = smuggledRequests(texts, wire.host)
  const sent = await Promise.all(requests.map((request) => attempt(wire, request)))
  // What is hidden may follow the answer.
  await aWhile()
  return sent
}

async function attempt(wire: Wire, request: SmuggledRequest): Promise<Attempt> {
  const connection = wire.open()
  connection.write(request.bytes)
  const late = delay(Math.min(ANSWER_MS, wire.patience.ms), 'late', { ref: false })
  const answer = await Promise.race([connection.until(STATUS), late])
  if (answer === 'late') return { request, status: 0 }
  return { request, status: Number(STATUS.exec(answer)?.[1] ?? CLOSED) }
}

function reached({ backend }: Wire, path: string): readonly RecordedRequest[] {
  return backend.requests.filter(({ target }) => target.includes(path))
}

/** Asserts that nothing went on that can be read in two ways, and that the router still serves. */
async function assertPlain(wire: Wire, sent: readonly Attempt[]): Promise<void> {
  const odd = sent.flatMap((attempt) =>
    problemsOf(wire, attempt).map((problem) => `${attempt.request.what}: ${problem}`),
  )
  assert.deepEqual(odd, [])
  await assertServing(wire)
}

function problemsOf(wire: Wire, { request, status }: Attempt): readonly string[] {
  const { path, hidden } = request
  const through = reached(wire, path).filter(({ target }) => !target.includes(hidden))
  return [
    ...(status === 0 ? ['it was left waiting'] : []),
    ...(through.length > 1 ? [`it became ${through.length} requests`] : []),
    ...through.flatMap(faultsOf).map((fault) => `the instance got ${fault}`),
    ...(reached(wire, hidden).length > 0 ? ['the instance got a request that nobody sent'] : []),
  ]
}

async function assertServing({ open, request }: Wire): Promise<void> {
  const connection = open()
  connection.write(request('GET / HTTP/1.1', ['Connection: close']))
  assert.match(await connection.until(STATUS), /^HTTP\/1\.1 200 /, 'the router still serves')
}
