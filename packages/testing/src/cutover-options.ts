import { checkOptions, type Duration, toMs } from '@changeover/engine'
import { z } from 'zod'
import type { LoadClass } from './cutover-report.ts'

/** One release takes all traffic over. */
export interface CutoverStep {
  /** Whom answers name in their `x-release` header from then on. */
  readonly release: string
  /** Tells the router. Resolves when it has taken it. */
  readonly apply: () => Promise<unknown>
  /** Resolves when every new request follows. @default nobody asks, and no answer is late */
  readonly converge?: () => Promise<unknown>
}

/** Options of {@link cutoverLoad}. Durations are milliseconds or strings such as `'30s'`. */
export interface CutoverLoadOptions {
  /** Where to send: an http address, of which only host and port matter. */
  readonly url: string
  /** The step of cutover `n`. Number 0 is over before the first request is sent. */
  readonly step: (n: number) => CutoverStep
  /** How often releases take over from each other. @default 8 */
  readonly cutovers?: number
  /** How many requests have to end before each cutover, and after the last. @default 250 */
  readonly requestsPerCutover?: number
  /** Clients that use their connection again. @default 32 */
  readonly keepAlive?: number
  /** Clients that make a connection for each request. @default 8 */
  readonly fresh?: number
  /** Requests per second over all clients, evenly spread. @default each client sends as soon as it has its answer */
  readonly rate?: number
  /** Of every request; there is no body. @default 'GET' */
  readonly method?: string
  /** How long a request may take. @default '10s' */
  readonly timeout?: Duration
  /** Aborting it ends the load, which is then rejected with its reason. */
  readonly signal?: AbortSignal
}

/** Options after the check, with the defaults filled in. */
export interface CutoverSettings {
  readonly url: string
  readonly step: (n: number) => CutoverStep
  readonly cutovers: number
  readonly requestsPerCutover: number
  readonly clients: Readonly<Record<LoadClass, number>>
  readonly rate: number | undefined
  readonly method: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

const count = z.int().nonnegative()
const schema = z.strictObject({
  url: z.url({ protocol: /^http$/ }),
  step: z.custom<CutoverLoadOptions['step']>((value) => typeof value === 'function'),
  cutovers: count.optional(),
  requestsPerCutover: count.optional(),
  keepAlive: count.optional(),
  fresh: count.optional(),
  rate: z.number().positive().max(100_000).optional(),
  method: z
    .string()
    .regex(/^[A-Z]+$/)
    .optional(),
  timeout: z.union([z.number(), z.string()]).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const remedies: Readonly<Record<string, string>> = {
  url: "Give an http address such as 'http://127.0.0.1:8080'; https is not supported.",
  step: 'Give a function from the number of a cutover to { release, apply, converge }.',
  rate: 'Give requests per second, above 0 and at most 100,000, or leave it out.',
  method: "Give a method in capital letters, such as 'GET'.",
  timeout: "Give milliseconds or a string such as '10s'.",
  signal: 'Give an AbortSignal.',
  '': 'Give a whole number from 0; url and step are required, and there are cutovers, requestsPerCutover, keepAlive, fresh, rate, method, timeout, signal.',
}

/**
 * Checks options once, before anything is sent.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseCutoverOptions(options: CutoverLoadOptions): CutoverSettings {
  checkOptions<unknown>(
    schema.refine(({ keepAlive = 32, fresh = 8 }) => keepAlive + fresh > 0, {
      path: ['keepAlive'],
      message: 'there is no client',
    }),
    options,
    'cutoverLoad',
    { remedies },
  )
  const { keepAlive = 32, fresh = 8, rate, timeout = '10s' } = options
  return {
    url: options.url,
    step: options.step,
    cutovers: options.cutovers ?? 8,
    requestsPerCutover: options.requestsPerCutover ?? 250,
    clients: { 'keep-alive': keepAlive, fresh },
    rate,
    method: options.method ?? 'GET',
    timeoutMs: toMs(timeout, 'cutoverLoad.timeout'),
    signal: options.signal,
  }
}
