import { ChangeoverError } from './changeover-error.ts'
import type { Clock } from './clock.ts'
import type { CallOptions } from './router.ts'
import type { Ports } from './run.ts'

/** How often a call is made in all, and how much longer each wait is than the one before it, in milliseconds. */
const ATTEMPTS = 4
const LONGER_MS = 250

/**
 * The same router and fleet, called again where a call failed without saying why in a code. Every operation of theirs is
 * idempotent, so a reply that was lost on the way is no reason to give a release up. A coded error is an answer, and final.
 */
export function persistentPorts(ports: Ports): Ports {
  const { router, fleet, clock } = ports
  const again =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    (...args: Args): Promise<Answer> =>
      persist(clock, optionsOf(args), () => call(...args))
  return {
    ...ports,
    // Field by field: a copy of an adapter that is an instance of a class would lack its methods.
    router: {
      name: router.name,
      probe: (...args) => router.probe(...args),
      ...(router.traffic && { traffic: router.traffic.bind(router) }),
      ...(router.watch && { watch: router.watch.bind(router) }),
      observe: again((...args) => router.observe(...args)),
      apply: again((...args) => router.apply(...args)),
      converge: again((...args) => router.converge(...args)),
      drain: again((...args) => router.drain(...args)),
    },
    fleet: {
      name: fleet.name,
      ...(fleet.check && { check: fleet.check.bind(fleet) }),
      ...(fleet.watch && { watch: fleet.watch.bind(fleet) }),
      launch: again((...args) => fleet.launch(...args)),
      probe: again((...args) => fleet.probe(...args)),
      stop: again((...args) => fleet.stop(...args)),
      list: again((...args) => fleet.list(...args)),
    },
  }
}

/** Options are the last argument of every operation, and may be left out. */
function optionsOf(args: readonly unknown[]): CallOptions {
  const last = args.at(-1)
  const signal = typeof last === 'object' && last !== null ? Reflect.get(last, 'signal') : undefined
  return signal instanceof AbortSignal ? { signal } : {}
}

async function persist<Answer>(
  clock: Clock,
  options: CallOptions,
  call: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      const final = error instanceof ChangeoverError || attempt >= ATTEMPTS
      if (final || options.signal?.aborted) throw error
      await clock.sleep(attempt * LONGER_MS, options)
    }
  }
}
