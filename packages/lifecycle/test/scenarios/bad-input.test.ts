import { createServer } from 'node:http'

import { describe, expect, it } from 'vitest'

import { createLifecycle, LifecycleError } from '../../src/index.ts'
import type { LifecycleOptions } from '../../src/index.ts'

const quick = { notice: 0, quiet: 0, deadline: 5_000 }

const make = (options: unknown): unknown => createLifecycle(options as LifecycleOptions)

async function drained(): Promise<ReturnType<typeof createLifecycle>> {
  const lifecycle = createLifecycle({ signals: [], drain: quick })
  await lifecycle.shutdown()
  return lifecycle
}

const invalid = 'CHANGEOVER_LIFECYCLE_OPTION_INVALID'

/** What was done, the code, what the message names as wrong, and its remedy. */
const mistakes: [string, () => unknown, string, string, string][] = [
  ['an unknown option', () => make({ drian: {} }), invalid, 'drian', 'remove it or correct'],
  [
    'a duration that does not parse',
    () => make({ drain: { notice: '5 parsecs' } }),
    invalid,
    'drain.notice: got "5 parsecs"',
    "use milliseconds or text such as '30s'",
  ],
  [
    'a deadline shorter than the notice',
    () => make({ drain: { notice: '10s', deadline: '5s' } }),
    'CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT',
    'drain.deadline is 5000 ms',
    'Raise drain.deadline to 10100 ms or more',
  ],
  [
    'the same server attached twice',
    () => {
      const lifecycle = createLifecycle({ signals: [], drain: quick })
      const server = createServer()
      lifecycle.attach(server)
      lifecycle.attach(server)
    },
    'CHANGEOVER_LIFECYCLE_SERVER_ATTACHED',
    'the same server twice',
    'Attach each server once',
  ],
  [
    'a check without a name',
    () => make({ checks: { '': { run: () => {} } } }),
    invalid,
    'checks',
    'name every check with letters',
  ],
  [
    'ready() after the drain',
    async () => (await drained()).ready(),
    'CHANGEOVER_LIFECYCLE_DRAINING',
    'ready was called after the drain began',
    'Call ready during start-up',
  ],
  [
    'attach() after the drain',
    async () => (await drained()).attach(createServer()),
    'CHANGEOVER_LIFECYCLE_DRAINING',
    'attach was called after the drain began',
    'Call attach during start-up',
  ],
]

describe('Bad input', () => {
  it.each(mistakes)(
    'refuses %s with a code, what is wrong, and the remedy',
    async (_, act, code, wrong, remedy) => {
      const listeners = process.listenerCount('SIGTERM')
      const error = await refusalOf(act)
      expect(error.code).toBe(code)
      expect(error.message).toContain(wrong)
      expect(error.message).toContain(remedy)
      expect(process.listenerCount('SIGTERM')).toBe(listeners)
    },
  )
})

async function refusalOf(act: () => unknown): Promise<LifecycleError> {
  try {
    await act()
  } catch (error) {
    if (error instanceof LifecycleError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
