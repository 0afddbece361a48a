import { type ChangeoverError, type Duration, toMs } from '@changeover/engine'
import { z } from 'zod'
import type { LoadResponse } from './http-exchange.ts'
import type { LoadRequest } from './load-request.ts'
import { testingError } from './testing-error.ts'

/** Options of {@link openLoopLoad}. Durations are milliseconds or strings such as `'30s'`. */
export interface OpenLoopLoadOptions {
  /** Where to send: an http address, or a function asked anew for each request. */
  readonly url: string | (() => string)
  /** Requests per second, above 0, at most 100,000; fractions are fine. */
  readonly rate: number
  /** How long to send. @default until `stop()` */
  readonly duration?: Duration | undefined
  /** Idle connections to keep. New ones are opened without limit when all are busy. @default 64 */
  readonly connections?: number | undefined
  /** How long a request may take from being sent to the end of its answer. @default '10s' */
  readonly timeout?: Duration | undefined
  /** Share of POST requests from 0 to 1, evenly spread. @default 0.5 */
  readonly postShare?: number | undefined
  /** The response header that names the release. @default 'x-release' */
  readonly releaseHeader?: string | undefined
  /** Changes request `n`. If it throws, the request is dropped as `other`. */
  readonly request?: ((n: number) => LoadRequest) | undefined
  /**
   * Says why a complete answer with a status below 400 is wrong, or `undefined` if it is right. If
   * it throws, the answer is wrong.
   */
  readonly verify?: ((response: LoadResponse, n: number) => string | undefined) | undefined
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal | undefined
}

/** Options after the check, with defaults filled in. */
export interface LoadSettings {
  readonly url: () => string
  readonly rate: number
  readonly durationMs: number | undefined
  readonly connections: number
  readonly timeoutMs: number
  readonly postShare: number
  readonly releaseHeader: string
  readonly request: (n: number) => LoadRequest
  readonly verify: (response: LoadResponse, n: number) => string | undefined
  readonly signal: AbortSignal | undefined
}

const duration = z
  .union([z.number(), z.string()])
  .transform(readDuration)
  .refine((ms) => ms > 0 && ms <= 0x7f_ff_ff_ff)

const func = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function')

const schema = z.strictObject({
  url: z.union([z.url({ protocol: /^http$/ }), func]),
  rate: z.number().positive().max(100_000),
  duration: duration.optional(),
  connections: z.int().nonnegative().optional(),
  timeout: duration.optional(),
  postShare: z.number().min(0).max(1).optional(),
  releaseHeader: z
    .string()
    .regex(/^[\w-]+$/)
    .optional(),
  request: func.optional(),
  verify: func.optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const remedies: Readonly<Record<string, string>> = {
  url: "Give an http address such as 'http://127.0.0.1:8080/', or a function that returns one; https is not supported.",
  rate: 'Give the requests per second, above 0 and at most 100,000, such as 500.',
  duration: "Give milliseconds or a string such as '30s', above 0 and below 24 days.",
  connections: 'Give the number of idle connections to keep, 0 or more, such as 64.',
  timeout: "Give milliseconds or a string such as '10s', above 0 and below 24 days.",
  postShare: 'Give a share from 0 (no POST) to 1 (nothing else), such as 0.5.',
  releaseHeader: "Give the name of a response header, such as 'x-release'.",
  request: 'Give a function from the number of a request to { method, path, headers, body }.',
  verify: 'Give a function that returns why an answer is wrong, or undefined.',
  signal: 'Give an AbortSignal.',
}

/**
 * Checks options once, before anything is sent.
 * @throws ChangeoverError `CHANGEOVER_LOAD_OPTION_INVALID`
 */
export function parseLoadOptions(options: OpenLoopLoadOptions): LoadSettings {
  const parsed = schema.safeParse(options)
  if (!parsed.success) throw optionError(options, parsed.error)
  const { url, request = () => ({}), verify = () => undefined, signal } = options
  return {
    url: typeof url === 'string' ? () => url : url,
    rate: parsed.data.rate,
    durationMs: parsed.data.duration,
    connections: parsed.data.connections ?? 64,
    timeoutMs: parsed.data.timeout ?? 10_000,
    postShare: parsed.data.postShare ?? 0.5,
    releaseHeader: (parsed.data.releaseHeader ?? 'x-release').toLowerCase(),
    request,
    verify,
    signal,
  }
}

function optionError(options: unknown, error: z.ZodError): ChangeoverError {
  const issue = error.issues[0]
  const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0]
  const name = String(field ?? 'options')
  const remedy = remedies[name] ?? knownOptions
  const details = { field: name, value: shown(options, field), remedy }
  return testingError('CHANGEOVER_LOAD_OPTION_INVALID', details, error)
}

const knownOptions = `Give an object with any of ${Object.keys(remedies).join(', ')}; url and rate are required.`

function shown(options: unknown, field: PropertyKey | undefined): string {
  const known = typeof options === 'object' && options !== null && field !== undefined
  const value: unknown = known ? Reflect.get(options, field) : options
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function readDuration(value: Duration, context: z.RefinementCtx): number {
  try {
    return toMs(value, 'duration')
  } catch (error) {
    context.addIssue(String(error))
    return z.NEVER
  }
}
