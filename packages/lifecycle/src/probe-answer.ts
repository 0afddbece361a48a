import type { ProbeKind } from './check-options.ts'
import type { CheckSnapshot } from './checks.ts'
import type { CheckState } from './check-state.ts'
import { judgeHealth } from './health.ts'
import type { Health, HealthFacts, HealthStatus, LifecycleState } from './health.ts'

/** What a probe is told. */
export interface ProbeAnswer {
  readonly status: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Who answers, as the body of a probe names it. */
export interface ProbeIdentity {
  readonly name?: string | undefined
  readonly version?: string | undefined
}

/** How a probe asks. */
export interface ProbeQuestion {
  /** Path and query. */
  readonly target: string
  readonly accept?: string | undefined
  /** Whether it may see the checks. */
  readonly detailed?: boolean
}

const retryAfterSeconds = 1

const kinds: ReadonlyMap<string, ProbeKind> = new Map([
  ['/livez', 'liveness'],
  ['/readyz', 'readiness'],
  ['/startupz', 'startup'],
])

/** The path of a request target. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** Whether a target is one of the probes. */
export function isProbe(target: string): boolean {
  return kinds.has(pathOf(target))
}

/** The answer to a probe, or `undefined` for a target that is none. Pure. */
export function answerProbe(
  { target, accept, detailed = false }: ProbeQuestion,
  facts: HealthFacts,
  identity: ProbeIdentity = {},
): ProbeAnswer | undefined {
  const path = pathOf(target)
  const kind = kinds.get(path)
  if (kind === undefined) return undefined
  const query = new URLSearchParams(target.slice(path.length))
  const exclude = new Set(query.getAll('exclude'))
  const health = judgeHealth(kind, facts, exclude)
  if (query.has('verbose')) {
    const lines = detailed ? health.checks.map((check) => toLine(check, exclude)) : []
    const end = `${path.slice(1)} check ${health.status === 'fail' ? 'failed' : 'passed'}\n`
    return toAnswer(health.status, 'text/plain; charset=utf-8', [...lines, end].join('\n'))
  }
  if (prefersText(accept))
    return toAnswer(health.status, 'text/plain; charset=utf-8', `${health.status}\n`)
  const body = toJson(health, facts.state, identity, detailed)
  return toAnswer(health.status, 'application/health+json', body)
}

/** An answer with the headers that all answers of probes have. */
export function toAnswer(status: HealthStatus, contentType: string, body: string): ProbeAnswer {
  const headers = {
    'content-type': contentType,
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
  }
  if (status !== 'fail') return { status: 200, headers, body }
  return { status: 503, headers: { ...headers, 'retry-after': String(retryAfterSeconds) }, body }
}

function toJson(
  { status, checks }: Health,
  state: LifecycleState,
  { name, version }: ProbeIdentity,
  detailed: boolean,
): string {
  const told = detailed && checks.length > 0 ? { checks: toCheckFields(checks) } : {}
  return JSON.stringify({ status, output: state, serviceId: name, version, ...told })
}

/** By the draft of `application/health+json`: each name has a list. */
function toCheckFields(checks: readonly CheckSnapshot[]): object {
  return Object.fromEntries(checks.map((check) => [check.settings.name, [toCheckField(check)]]))
}

function toCheckField({ settings, state }: CheckSnapshot): object {
  const { last } = state
  return {
    status: statusOf(settings.critical, state),
    ...(last === undefined ? {} : observed(last)),
    output: problemOf(state),
  }
}

function observed({ value, durationMs, at }: NonNullable<CheckState['last']>): object {
  const time = new Date(at).toISOString()
  if (value !== undefined) return { observedValue: value, time }
  return { observedValue: Math.round(durationMs * 1_000) / 1_000, observedUnit: 'ms', time }
}

function statusOf(critical: boolean, { status }: CheckState): HealthStatus {
  if (status === 'pass') return 'pass'
  return critical ? 'fail' : 'warn'
}

function problemOf({ status, last }: CheckState): string | undefined {
  return last === undefined && status === 'pending' ? 'has not run yet' : last?.problem
}

/** As Kubernetes writes its own. */
function toLine({ settings, state }: CheckSnapshot, exclude: ReadonlySet<string>): string {
  const { name, critical } = settings
  if (exclude.has(name)) return `[+]${name} excluded: ok`
  if (state.status === 'pass') return `[+]${name} ok`
  const problem = problemOf(state) ?? 'unknown'
  return `[-]${name} ${critical ? 'failed' : 'degraded'}: ${problem.replaceAll(/\s+/g, ' ')}`
}

/** JSON unless text was asked for by name, with more weight. */
function prefersText(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('text/')) return false
  const weights = new Map(accept.toLowerCase().split(',').map(readRange))
  const text = weights.get('text/plain') ?? weights.get('text/*') ?? 0
  const json =
    weights.get('application/health+json') ??
    weights.get('application/json') ??
    weights.get('application/*') ??
    weights.get('*/*') ??
    0
  return text > json
}

function readRange(range: string): [string, number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  return [type, weight === undefined ? 1 : Number(weight) || 0]
}
