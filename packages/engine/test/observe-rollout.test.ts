import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Writable } from 'node:stream'
import { ENTRY_CHANNEL, type Entry } from '@changeover/engine'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { request, setStage } from './stage.ts'

/** What is published on the channel until the test is over. */
function listening(): Entry[] {
  const entries: Entry[] = []
  const listener = (message: unknown): void => void entries.push(message as Entry)
  subscribe(ENTRY_CHANNEL, listener)
  onTestFinished(() => void unsubscribe(ENTRY_CHANNEL, listener))
  return entries
}

function capturedLog(): { readonly lines: Record<string, unknown>[]; readonly stream: Writable } {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  return { lines, stream }
}

describe('An entry that became durable', () => {
  it('is told of in the journal, the live events, the channel, to notifiers and in the log: the same, from the first', async () => {
    const published = listening()
    const notified: Entry[] = []
    const { lines, stream } = capturedLog()
    const stage = setStage({
      logger: pino(stream),
      notifiers: [{ notify: async (entry) => void notified.push(entry) }],
    })
    const rollout = await stage.clock.run(stage.engine.start(request('v1')))
    const live: Entry[] = []
    const reading = (async () => {
      for await (const entry of rollout.events()) live.push(entry)
    })()
    await stage.clock.run(rollout.finished)
    await reading
    const journal = await stage.entries(rollout.id)
    expect(journal[0]?.type).toBe('created')
    expect(journal.at(-1)?.type).toBe('finished')
    expect(published).toEqual(journal)
    expect(notified).toEqual(journal)
    expect(live).toEqual(journal)
    const logged = lines.filter(({ msg }) => msg === 'journaled')
    expect(logged.map(({ seq, type }) => [seq, type])).toEqual(
      journal.map(({ seq, type }) => [seq, type]),
    )
  })

  it('is logged with rollout, service and release', async () => {
    const { lines, stream } = capturedLog()
    const stage = setStage({ logger: pino(stream) })
    const rollout = await stage.clock.run(stage.engine.start(request('v1')))
    await stage.clock.run(rollout.finished)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      expect(line).toMatchObject({ service: 'shop', rollout: rollout.id, release: 'v1' })
    }
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('no line'))],
    [
      'throws',
      () => {
        throw new Error('no line')
      },
    ],
  ])('stops nothing where a notifier %s', async (_, notify) => {
    const { lines, stream } = capturedLog()
    const stage = setStage({ logger: pino(stream), notifiers: [{ notify }] })
    expect(await stage.deploy('v1')).toBe('promoted')
    expect(lines.filter(({ msg }) => msg === 'a notifier failed').length).toBeGreaterThan(0)
  })

  it('is not told of before it is durable', async () => {
    const published = listening()
    const stage = setStage()
    const rollout = await stage.clock.run(stage.engine.start(request('v1')))
    const counts: boolean[] = []
    for (let look = 0; look < 50; look += 1) {
      const told = published.length
      counts.push(told <= (await stage.entries(rollout.id)).length)
      await stage.clock.advance(50)
    }
    expect(published.length).toBeGreaterThan(10)
    expect(counts).not.toContain(false)
  })
})
