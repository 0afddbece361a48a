import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { verifyWebhook } from '../src/index.ts'
import { temporaryDirectory } from './journal-under-test.ts'
import { accept, type Reaction, type Receiver, startReceiver } from './receiver.ts'

const fixture = fileURLToPath(new URL('fixtures/courier.mjs', import.meta.url))
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const rollouts = ['r-1', 'r-2', 'r-3']
const length = 40
const KILLS = 5

/** Mostly takes what it gets; now and then it fails, hangs, or cuts the connection, after it got all of it or before. */
const moody: Reaction = (response, n) => {
  if (n % 11 === 3) response.writeHead(500).end()
  else if (n % 11 === 5) response.destroy()
  else if (n % 61 !== 7) accept(response, n)
}

test('a courier that is killed again and again, in mid-delivery too, tells every entry of every rollout, in order', async () => {
  const directory = temporaryDirectory()
  const arrivals: string[] = []
  let onArrival = (): void => undefined
  const receiver: Receiver = await startReceiver((response, n) => {
    const last = receiver.received.at(-1)
    if (last !== undefined) arrivals.push(last.message.id)
    moody(response, n)
    onArrival()
  })
  const orders = { directory, url: receiver.url, secret, rollouts, length }

  const run = async (killAt: number): Promise<string> => {
    const child = spawn(process.execPath, [fixture, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    onArrival = () => void (arrivals.length >= killAt && child.kill('SIGKILL'))
    const output = child.stdout.toArray()
    await once(child, 'exit')
    return Buffer.concat((await output) as Buffer[]).toString()
  }
  for (let kill = 1; kill <= KILLS; kill++) {
    expect(await run(arrivals.length + 10 + ((kill * 7) % 15))).toBe('')
  }
  const told = await run(Number.POSITIVE_INFINITY)

  expect(told).toBe('told\n')
  for (const rollout of rollouts) expectInOrder(arrivals, rollout)
  for (const { headers, body } of receiver.received.slice(-5))
    expect(verifyWebhook({ secret, headers, body }).service).toBe('shop')
  const ledger = readFileSync(join(directory, 'notifications', 'chat.json'), 'utf8')
  expect(JSON.parse(ledger)).toMatchObject({ open: {} })
})

/** Each entry arrives, and none before all that precede it. */
function expectInOrder(arrivals: readonly string[], rollout: string): void {
  const numbers = arrivals.flatMap((id) =>
    id.startsWith(`${rollout}:`) ? [Number(id.split(':')[1])] : [],
  )
  let highest = -1
  for (const number of numbers) {
    expect(number).toBeLessThanOrEqual(highest + 1)
    highest = Math.max(highest, number)
  }
  expect(highest).toBe(length - 1)
  // Told twice, but not over and over from the beginning.
  expect(numbers.length).toBeLessThan(length * 3)
}
