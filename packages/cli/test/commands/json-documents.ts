import { z } from 'zod'

/** What programs may rely on: a document with anything else in it, or without something, is another version. */
const text = z.string()
const at = z.number()
const maybe = <T extends z.ZodType>(schema: T): z.ZodOptional<T> => schema.optional()

const release = z.strictObject({ id: text, version: text })
const pool = z.strictObject({
  release: text,
  weight: z.int().min(0).max(10_000),
  instances: z.int(),
})
const outcome = z.enum(['promoted', 'rolled-back', 'failed-safe'])
const verdict = z.strictObject({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  evidence: z.number(),
  reason: text,
})
const summaryFields = {
  id: text,
  service: text,
  from: maybe(release),
  to: release,
  replicas: z.int(),
  startedAt: at,
  finishedAt: maybe(at),
  outcome: maybe(outcome),
}
const summary = z.strictObject(summaryFields)
const step = z.strictObject({
  step: text,
  text,
  state: z.enum(['done', 'active', 'next']),
  startedAt: maybe(at),
  endsAt: maybe(at),
  gate: maybe(text),
})
const gate = z.strictObject({
  gate: text,
  kind: z.enum(['judge', 'approve', 'hook']),
  open: z.boolean(),
  verdict: maybe(verdict),
  thresholds: z.array(text),
  approvals: z.array(text),
  quorum: z.int(),
  notRequester: z.boolean(),
})
const rollout = z.strictObject({
  ...summaryFields,
  seq: z.int(),
  status: z.enum([...outcome.options, 'progressing', 'paused', 'waiting', 'held', 'rolling-back']),
  strategy: text,
  by: maybe(text),
  fourEyes: maybe(z.literal(true)),
  direction: z.enum(['forward', 'back']),
  position: z.int(),
  steps: z.array(step),
  gates: z.array(gate),
  pools: z.array(pool),
  counts: z.array(
    z.strictObject({ release: text, starting: z.int(), ready: z.int(), stopping: z.int() }),
  ),
  capacity: z.strictObject({ maxTotal: z.int(), minAvailable: z.int() }),
  warnings: z.array(text),
  paused: maybe(z.strictObject({ since: at, by: text })),
  promotedBy: maybe(text),
  aborted: maybe(z.strictObject({ by: text, reason: text })),
  failure: maybe(z.strictObject({ code: text, reason: text })),
  holder: maybe(text),
})
const service = z.strictObject({
  name: text,
  current: maybe(release),
  rollout: maybe(summary),
  last: maybe(summary),
  replicas: maybe(z.int()),
  pools: maybe(z.array(pool)),
  rollbackTo: z.array(release),
})
const instance = z.strictObject({
  id: text,
  release: text,
  phase: z.enum(['launching', 'starting', 'ready', 'available', 'stopping']),
  address: maybe(text),
  since: at,
})
const verification = z.strictObject({
  rollout: text,
  ok: z.boolean(),
  entries: z.int(),
  problem: maybe(text),
})
const auditEntry = z.strictObject({
  seq: z.int(),
  at,
  actor: text,
  via: z.enum(['socket', 'token', 'session', 'none']),
  from: maybe(text),
  action: text,
  command: maybe(text),
  target: maybe(text),
  outcome: z.enum(['accepted', 'refused']),
  code: maybe(text),
  reason: maybe(text),
  prev: text,
  hash: text,
})
const agent = z.strictObject({
  version: text,
  pid: z.int(),
  startedAt: at,
  state: z.enum(['starting', 'active', 'standby']),
  holder: text,
  directory: text,
  router: text,
  fleet: text,
  store: text,
  services: z.array(text),
  url: maybe(text),
  urls: maybe(z.record(text, text)),
  configProblem: maybe(text),
})
const plan = z.object({
  service: text,
  strategy: text,
  to: release.loose(),
  steps: z.array(z.looseObject({ step: text })),
})
const token = z.strictObject({ name: text, role: text, createdAt: at, expiresAt: at.nullable() })

function document<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({ schema: z.literal('changeover/v1'), kind: z.literal(kind), ...shape })
}

export const DOCUMENTS = {
  services: document('services', { services: z.array(service) }),
  status: document('status', { service, rollout: maybe(rollout), instances: z.array(instance) }),
  event: document('event', {
    service: text,
    rollout: text,
    event: z.enum(['entry', 'view', 'traffic', 'look', 'end']),
    data: z.looseObject({}),
  }),
  rollout: document('rollout', {
    rollout: z.union([rollout, z.strictObject({ id: text })]),
    detached: z.boolean(),
  }),
  plan: document('plan', { plan, text }),
  history: document('history', {
    service: text,
    rollouts: z.array(summary),
    verified: maybe(z.array(verification)),
  }),
  logs: document('logs', { service: text, instance: text, lines: z.array(text) }),
  audit: document('audit', {
    entries: z.array(auditEntry),
    verified: maybe(z.strictObject({ ok: z.boolean(), entries: z.int(), problem: maybe(text) })),
  }),
  migrations: document('migrations', {
    report: z.looseObject({
      verdict: z.enum(['safe', 'unsafe', 'unknown']),
      findings: z.array(z.looseObject({})),
    }),
  }),
  console: document('console', { url: text.nullable(), how: text }),
  token: document('token', { name: text, role: text.nullable(), token: text.nullable() }),
  tokens: document('tokens', { tokens: z.array(token) }),
  agent: document('agent', { agent }),
  init: document('init', { file: text, text }),
  explain: document('explain', { code: text, package: text, what: text, why: text, next: text }),
  error: document('error', {
    error: z.strictObject({ code: text, message: text, exitCode: z.int() }),
  }),
} as const

type Documents = { [Kind in keyof typeof DOCUMENTS]: z.infer<(typeof DOCUMENTS)[Kind]> }

/** The only document of an output, which must be of this kind and hold exactly what it should. */
export function readDocument<Kind extends keyof Documents>(
  kind: Kind,
  output: string,
): Documents[Kind] {
  const lines = output.trimEnd().split('\n')
  if (lines.length !== 1) throw new Error(`not one document but ${lines.length} lines:\n${output}`)
  const read = DOCUMENTS[kind].safeParse(JSON.parse(lines[0] ?? ''))
  if (!read.success) throw new Error(`no "${kind}": ${z.prettifyError(read.error)}\n${output}`)
  return read.data as Documents[Kind]
}
