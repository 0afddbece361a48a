import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readDurable, readInFlight, readOldServers } from '../src/admin-facts.ts'
import { judgeDrain } from '../src/drain.ts'
import { judgeProof, OLD_SERVERS_END_MS, oldServersEnd } from '../src/proof.ts'
import { table, wholeState } from './states.ts'

const QUIET = { stopping: 0, listening: 0, unused: 0, cleartext: 0 }
const receipt = { revision: 1, outcome: 'applied' } as const
const state = wholeState(table())

describe('what a profile of Caddy says about earlier servers', () => {
  const profile = readFileSync(new URL('fixtures/goroutines.txt', import.meta.url), 'utf8')

  it('counts those that end, and connections on which no request came', () => {
    expect(readOldServers(profile)).toEqual({ stopping: 2, listening: 0, unused: 1, cleartext: 0 })
  })

  it('is nothing where it is no profile', () => {
    expect(readOldServers('<html>')).toBeUndefined()
  })
})

describe('every new request follows the table', () => {
  it('when no earlier server runs, and clients were answered by it', () => {
    const marks = [state.kept.mark]
    const proof = judgeProof({ receipt, state, old: QUIET, heldMs: 0, marks })
    expect(proof).toMatchObject({ converged: true, level: 'observed' })
  })

  it.each([
    ['one is about to stop', { ...QUIET, listening: 1 }, 0, false],
    [
      'one ends, and a connection waits for its first request',
      { ...QUIET, stopping: 1, unused: 1 },
      0,
      false,
    ],
    ['one ends what it has', { ...QUIET, stopping: 1 }, 0, true],
    [
      'one has ended all that it could begin',
      { ...QUIET, stopping: 1, unused: 1 },
      OLD_SERVERS_END_MS,
      true,
    ],
    [
      'sessions of HTTP/2 without TLS are open',
      { ...QUIET, cleartext: 1 },
      OLD_SERVERS_END_MS,
      false,
    ],
    ['Caddy does not tell', undefined, 0, false],
    ['Caddy does not tell, for long', undefined, OLD_SERVERS_END_MS, true],
  ])('where %s: by what is known', (_, old, heldMs, over) => {
    expect(oldServersEnd(old, heldMs).over).toBe(over)
  })

  it.each([
    ['was rejected', { receipt: { ...receipt, outcome: 'rejected' as const } }],
    ['was overtaken', { state: wholeState({ ...table(), revision: 2 }) }],
    ['was changed by somebody', { state: { ...state, whole: false } }],
    ['was forgotten', { state: { kind: 'missing' as const } }],
    ['is not what clients are answered by', { marks: [state.kept.mark, undefined] }],
  ])('not when the table %s', (_, change) => {
    const proof = judgeProof({ receipt, state, old: QUIET, heldMs: 0, marks: undefined, ...change })
    expect(proof.converged).toBe(false)
  })
})

describe('instances are drained', () => {
  const left = wholeState(table(), [{ id: 'b-1', address: 'b:1' }])
  const judge = (counts: Record<string, number>, old = QUIET, instances = ['b-1']) =>
    judgeDrain({ instances, state: left, inFlight: new Map(Object.entries(counts)), old })

  it('when Caddy counts nothing for them', () => {
    expect(judge({ 'b:1': 0 })).toMatchObject({ drained: true, inFlight: 0 })
    expect(judge({ 'b:1': 3 })).toMatchObject({ drained: false, inFlight: 3 })
  })

  it('not when Caddy counts for them no more, and an earlier server still runs', () => {
    expect(judge({})).toMatchObject({ drained: true, inFlight: 0 })
    expect(judge({}, { ...QUIET, stopping: 1 })).toMatchObject({
      drained: false,
      inFlight: 'unknown',
    })
  })

  it('not while they are in the routes, nor when nobody knows where they were', () => {
    expect(judge({ 'a:1': 0 }, QUIET, ['a-1']).drained).toBe(false)
    const unknown = judgeDrain({
      instances: ['b-1'],
      state: { kind: 'missing' },
      inFlight: new Map(),
      old: QUIET,
    })
    expect(unknown).toMatchObject({ drained: false, inFlight: 'unknown' })
  })
})

describe('answers of the admin endpoint', () => {
  it('about requests in flight are read, or not at all', () => {
    expect(readInFlight('[{"address":"a:1","num_requests":2,"fails":0}]')).toEqual(
      new Map([['a:1', 2]]),
    )
    expect(readInFlight('null\n')).toEqual(new Map())
    for (const odd of ['', '{}', '[1]', '[{"address":"a:1"}]'])
      expect(readInFlight(odd)).toBeUndefined()
  })

  it('say whether it starts again as it is', () => {
    expect(readDurable('caddy\0run\0--resume', 'null')).toBe(true)
    expect(readDurable('caddy\0run\0--config\0x', 'null')).toBe(false)
    expect(readDurable('caddy\0run\0--resume', '{"config":{"persist":false}}')).toBe(false)
  })
})
