import { setTimeout as sleep } from 'node:timers/promises'
import type { Balancer } from './balancer.ts'
import { until } from './until.ts'

const everyMs = 1_000

/**
 * What a client that balances by itself does: it asks every backend for readiness every second, and takes those that said yes
 * in turn. Never retries.
 */
export function clientPool(backends: readonly number[]): Balancer {
  let ready = backends
  const checks = new AbortController()
  let turn = 0
  const check = async (port: number): Promise<void> => {
    const yes = await isReady(port)
    const next = backends.filter((each) => (each === port ? yes : ready.includes(each)))
    // When all say no, the last one that said yes is a better guess than any.
    if (next.length > 0) ready = next
  }
  const checking = Promise.all(backends.map((port) => repeat(() => check(port), checks.signal)))
  return {
    name: 'client pool',
    url: () => {
      turn += 1
      return `http://127.0.0.1:${ready[turn % ready.length]}/`
    },
    noticed: (port) => until(() => Promise.resolve(ready.includes(port))),
    log: () => '',
    [Symbol.asyncDispose]: async () => {
      checks.abort()
      await checking
    },
  }
}

async function repeat(check: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await check()
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(everyMs)
    const headers = { connection: 'close' }
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal, headers })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
