import { dirname, resolve } from 'node:path'
import { toMs } from '@changeover/engine'
import { z } from 'zod'
import type { AgentConfig, AgentHttp, AgentService } from './agent-config.ts'
import { checkHttp, checkListeners } from './check-listeners.ts'
import { type Problem, readBy, readByMaking, type Remedies, type Report } from './problem.ts'
import {
  readFleet,
  type Reading,
  readMetrics,
  readNotifiers,
  readRouter,
  readStore,
} from './read-choices.ts'
import { readService } from './read-service.ts'

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

const duration = z.union([z.number(), z.string()])
const schema = z.strictObject({
  services: z
    .record(z.string(), z.unknown())
    .refine((services) => Object.keys(services).length > 0, 'there is no service'),
  router: z.unknown().optional(),
  store: z.unknown().optional(),
  fleet: z.unknown().optional(),
  metrics: z.unknown().optional(),
  notifiers: z.unknown().optional(),
  hooks: z
    .record(
      z.string(),
      z.custom<AgentConfig['hooks'][string]>(
        (one) => typeof one === 'function',
        'it is no function',
      ),
    )
    .optional(),
  http: z
    .strictObject({
      port: z.int().min(0).max(65_535),
      host: z.string().min(1).optional(),
      tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
      origins: z
        .array(z.url({ protocol: /^https?$/, error: 'it is no http or https address' }))
        .optional(),
    })
    .optional(),
  leaseTtl: duration.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
})
type Given = z.infer<typeof schema>

const REMEDIES: Remedies = {
  services:
    'Give one for each name: { shop: { command: ["node", "server.js"], replicas: 2, port: 8080 } }.',
  hooks: 'Give functions; they need a config in .ts or .mjs.',
  http: "Give { port } and any of host, tls: { cert, key }, origins: ['https://deploys.example.com'].",
  leaseTtl: "Give milliseconds or a string such as '15s'.",
  logLevel: 'Say one of debug, info, warn, error.',
  '': 'Known are services, router, store, fleet, metrics, notifiers, hooks, http, leaseTtl and logLevel.',
}

/** All but the places in the source. */
export type ReadConfig = Omit<AgentConfig, 'blame'>

/** What a config comes to: what the agent needs, or all that is wrong with it. */
export type CheckedConfig =
  | { readonly ok: true; readonly config: ReadConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Checks what a config file holds, all of it. Pure.
 *
 * @param file that it comes from: relative paths start at its folder
 */
export function checkConfig(value: unknown, file: string): CheckedConfig {
  const problems: Problem[] = []
  const report: Report = (problem) => void problems.push(problem)
  const config = readConfig(value, file, report)
  return config && problems.length === 0 ? { ok: true, config } : { ok: false, problems }
}

function readConfig(value: unknown, file: string, report: Report): ReadConfig | undefined {
  const given = readBy(schema, value, [], { report, remedies: REMEDIES }) ?? servicesAlone(value)
  if (given === undefined) return undefined
  const reading = { folder: dirname(file), report }
  const services = readServices(given, reading)
  const router = readRouter(given.router, reading)
  const store = readStore(given.store, reading)
  const metrics = readMetrics(given.metrics, reading)
  const rest = {
    fleet: readFleet(given.fleet, reading),
    notifiers: readNotifiers(given.notifiers, reading),
    http: given.http && readHttp(given.http, reading),
    leaseTtl: given.leaseTtl ?? '15s',
  }
  readByMaking(() => toMs(rest.leaseTtl, 'leaseTtl'), ['leaseTtl'], { report })
  if (!router || !store || !metrics) return undefined
  checkListeners([...services.values()], router, report)
  const { hooks = {}, logLevel = 'info' } = given
  return { file, services, router, store, metrics, hooks, logLevel, ...rest }
}

/** What is left to check where the top has problems of its own: people mend all in one go. */
function servicesAlone(value: unknown): Given | undefined {
  const read = z.looseObject({ services: z.record(z.string(), z.unknown()) }).safeParse(value)
  return read.success
    ? { ...read.data, hooks: {}, http: undefined, leaseTtl: undefined, logLevel: undefined }
    : undefined
}

function readServices({ services }: Given, reading: Reading): ReadonlyMap<string, AgentService> {
  const read = Object.entries(services).map(([name, value]) => {
    if (!IDENTIFIER.test(name))
      reading.report({
        path: ['services', name],
        problem: 'it is no name of a service',
        remedy: 'Use 1 to 63 letters, digits, ".", "_" and "-".',
      })
    return readService(name, value, reading)
  })
  return new Map(read.flatMap((service) => (service ? [[service.name, service]] : [])))
}

function readHttp(given: NonNullable<Given['http']>, { folder, report }: Reading): AgentHttp {
  const { port, host = '127.0.0.1', tls, origins = [] } = given
  const files = tls && { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) }
  const http = { port, host, tls: files, origins }
  checkHttp(http, report)
  return http
}
