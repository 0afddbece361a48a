import {
  fileStore,
  type Fleet,
  type Metrics,
  type Router,
  routerMetrics,
  type Store,
} from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import { prometheusMetrics } from '@changeover/metrics-prometheus'
import { caddyRouter } from '@changeover/router-caddy'
import { haproxyRouter } from '@changeover/router-haproxy'
import { nginxRouter } from '@changeover/router-nginx'
import { postgresStore } from '@changeover/store-postgres'
import type { Logger } from 'pino'
import type { AgentConfig } from '../config/agent-config.ts'
import type { AgentFiles } from './agent-directory.ts'
import type { Secrets } from './agent-secrets.ts'
import { type ServiceRouters, serviceRouters } from './service-routers.ts'
import { fieldName, isObject, type Path } from '../config/problem.ts'
import { trusted } from '../config/trusted.ts'

/** What ports are made of. */
export interface PortContext {
  readonly files: AgentFiles
  readonly secrets: Secrets
  readonly logger: Logger
}

/** A router, and the embedded one's own operations where it is that. */
export interface RouterPart {
  readonly router: Router
  readonly embedded: ServiceRouters | undefined
  close(): Promise<void>
}

type Options = Readonly<Record<string, unknown>>

/** Made by its kind and options; each refuses options that it cannot take before it opens anything. */
export function makeRouter(config: AgentConfig, { files, logger }: PortContext): RouterPart {
  const { router, services, blame } = config
  if (router.kind === 'given') return givenRouter(router.given)
  if (router.kind !== 'embedded') {
    const make = OTHER_ROUTERS[router.kind]
    const made = blame(['router', router.kind], () => make({ ...router.options, logger }))
    return { router: made, embedded: undefined, close: () => made.close() }
  }
  const embedded = serviceRouters(directoryIn(router.options, files.router), logger)
  for (const service of services.values())
    blame(['services', service.name, 'router'], () => embedded.set(service))
  embedded.setRemembered()
  return { router: embedded, embedded, close: () => embedded.close() }
}

function givenRouter(router: Router): RouterPart {
  return { router, embedded: undefined, close: () => closeGiven(router) }
}

const OTHER_ROUTERS: Readonly<
  Record<'haproxy' | 'nginx' | 'caddy', (options: Options) => Router & { close(): Promise<void> }>
> = {
  haproxy: (options) => haproxyRouter(trusted(options)),
  nginx: (options) => nginxRouter(trusted(options)),
  caddy: (options) => caddyRouter(trusted(options)),
}

export function makeStore(
  { store, blame }: AgentConfig,
  { files, secrets, logger }: PortContext,
): Store {
  if (store.kind === 'given') return store.given
  if (store.kind === 'file')
    return fileStore(
      trusted({ ...store.options, directory: directoryIn(store.options, files.store), logger }),
    )
  const options = readSecrets(store.options, ['store', 'postgres'], secrets)
  return blame(['store', 'postgres'], () => postgresStore(trusted({ ...options, logger })))
}

function directoryIn({ directory }: Options, otherwise: string): string {
  return typeof directory === 'string' ? directory : otherwise
}

/** A fleet, and what only that of processes can do. */
export interface FleetPart {
  readonly fleet: Fleet
  /** Takes the instances over. Rejects while another agent has them. */
  open(): Promise<void>
  logs(service: string, instance: string, lines: number): Promise<string> | undefined
  close(): Promise<void>
}

export function makeFleet(
  { fleet, blame }: AgentConfig,
  { files, logger }: PortContext,
): FleetPart {
  if (fleet.kind === 'given') return givenFleet(fleet.given)
  const options = { directory: files.fleet, ...fleet.options, orphans: 'keep', logger }
  const made = blame(['fleet'], () => processFleet(trusted(options)))
  return {
    fleet: made,
    open: () => made.open(),
    logs: (service, instance, lines) => made.logs(service, instance, { lines }),
    close: () => made.close(),
  }
}

function givenFleet(fleet: Fleet): FleetPart {
  return {
    fleet,
    open: async () => undefined,
    logs: () => undefined,
    close: () => closeGiven(fleet),
  }
}

export function makeMetrics(
  { metrics, blame }: AgentConfig,
  router: Router,
  { secrets }: PortContext,
): Metrics {
  if (metrics.kind === 'given') return metrics.given
  if (metrics.kind === 'router') return blame(['metrics'], () => routerMetrics(router))
  const path = ['metrics', 'prometheus']
  const options = readSecrets(metrics.options, path, secrets)
  return blame(path, () => prometheusMetrics(trusted(options)), 1)
}

/** The options with the value of the variable in the place of each `{ env: NAME }`. */
export function readSecrets(options: Options, path: Path, secrets: Secrets): Options {
  const read = (value: unknown, at: Path): unknown => {
    if (Array.isArray(value)) return value.map((one, i) => read(one, [...at, i]))
    if (!isObject(value)) return value
    const { env, ...others } = value
    if (typeof env === 'string' && Object.keys(others).length === 0)
      return secrets.read(env, fieldName(at))
    return mapValues(value, (one, key) => read(one, [...at, key]))
  }
  return mapValues(options, (one, key) => read(one, [...path, key]))
}

function mapValues(options: Options, map: (value: unknown, key: string) => unknown): Options {
  return Object.fromEntries(Object.entries(options).map(([key, one]) => [key, map(one, key)]))
}

/** Objects of the caller's are closed where they can be. */
export async function closeGiven(port: object): Promise<void> {
  const close: unknown = Reflect.get(port, 'close')
  if (typeof close === 'function') await close.call(port)
}
