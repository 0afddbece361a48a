import { isIP } from 'node:net'
import type { AgentConfig, AgentHttp, AgentService } from './agent-config.ts'
import { isObject, type Report } from './problem.ts'

/** Every service is reached in one place: its own at the embedded router, or wherever another router serves it. */
export function checkListeners(
  services: readonly AgentService[],
  router: AgentConfig['router'],
  report: Report,
): void {
  if (router.kind === 'embedded') return checkEmbedded(services, report)
  for (const service of services) {
    checkNoEmbedded(service, report)
    if (router.kind !== 'given') checkKnown(service.name, router, report)
  }
}

function checkEmbedded(services: readonly AgentService[], report: Report): void {
  const taken = new Map<string, string>()
  for (const { name, listen } of services) {
    const path = ['services', name]
    if (!listen) {
      const remedy = 'Give the port on which the service is reached, such as port: 8080.'
      report({ path, problem: 'it has no port', remedy })
      continue
    }
    const place = `${listen.host}:${listen.port}`
    const other = listen.port === 0 ? undefined : taken.get(place)
    const problem = `"${other}" listens on ${place}`
    const remedy = 'Give each service a port of its own.'
    if (other !== undefined) report({ path: [...path, 'port'], problem, remedy })
    taken.set(place, name)
  }
}

function checkNoEmbedded({ name, listen, router }: AgentService, report: Report): void {
  if (listen)
    report({
      path: ['services', name, 'port'],
      problem: 'another router than the embedded one is configured',
      remedy: 'Leave it out: that router says itself where it listens.',
    })
  if (Object.keys(router).length > 0)
    report({
      path: ['services', name, 'router'],
      problem: 'these are options of the embedded router',
      remedy: 'Leave it out, or leave the other router out.',
    })
}

function checkKnown(
  service: string,
  { kind, options }: Exclude<AgentConfig['router'], { readonly kind: 'given' }>,
  report: Report,
): void {
  const { services } = options
  if (!isObject(services) || Object.hasOwn(services, service)) return
  report({
    path: ['router', kind, 'services'],
    problem: `"${service}" is missing`,
    remedy: 'Say for each service how that router serves it.',
  })
}

/** Whoever can read what goes to the console can deploy; and it answers by no name that nobody said. */
export function checkHttp({ host, tls, origins }: AgentHttp, report: Report): void {
  if (!tls && !isLoopback(host))
    report({
      path: ['http', 'host'],
      problem: `${host} can be reached by other machines, and there is no tls: tokens could be read on the way`,
      remedy: 'Give tls: { cert, key }, or listen on 127.0.0.1 and put a proxy with TLS before it.',
    })
  if (isWildcard(host) && origins.length === 0)
    report({
      path: ['http'],
      problem: `${host} is every address of this machine, and no origins say by which name browsers come`,
      remedy: "Give origins: ['https://deploys.example.com'].",
    })
}

/** Pure. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
