import { checkOptions, portSchema, type Router } from '@changeover/engine'
import { pino } from 'pino'
import { z } from 'zod'
import type { AuditLog } from './access/access.ts'
import type { AgentPort, ConsoleOptions, ConsoleService } from './console-options.ts'

type Function = (...given: never[]) => unknown

const call = z
  .custom<Function>((value) => typeof value === 'function', 'it is no function')
  .optional()

const schema = z.strictObject({
  engine: portSchema('engine', ['plan', 'start', 'rollback', 'planRollback', 'rollout', 'verify']),
  store: portSchema('store', ['append', 'read', 'rollouts', 'lease', 'release']),
  router: portSchema('router', ['probe', 'observe', 'apply', 'converge', 'drain']).optional(),
  fleet: portSchema('fleet', ['launch', 'probe', 'stop', 'list']).optional(),
  access: portSchema('access such as createAccess()', ['admit', 'signIn', 'signOut']),
  audit: portSchema('audit log such as fileAudit()', ['record', 'read', 'verify']).optional(),
  services: call,
  deploys: call,
  migrations: call,
  agent: portSchema('agent', ['describe', 'reload', 'logs']).optional(),
  basePath: z
    .string()
    .regex(/^(?:\/[\w.~-]+)*$/, 'it is no path such as /deploys')
    .optional(),
  maxWatchers: z.int().min(1).max(100_000).optional(),
  logger: portSchema('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  engine: 'Give what createEngine() made.',
  store: 'Give the store that the engine was given.',
  router: 'Give the router that the engine was given, or leave it out.',
  fleet: 'Give the fleet that the engine was given, or leave it out.',
  access: 'Give createAccess({ tokens }): nobody is let in without it.',
  audit: "Give fileAudit({ path: 'audit.jsonl' }), or leave it out.",
  services: 'Give a function that tells the services, or leave it out.',
  deploys: 'Give a function that makes what is to be deployed, or leave it out.',
  migrations: 'Give a function that tells the report of a release, or leave it out.',
  agent: 'Give an object with describe(), reload() and logs(), or leave it out.',
  basePath: "Give the path that it is mounted at, such as '/deploys', without a slash at its end.",
  maxWatchers: 'Give a whole number, 1 or more.',
  logger: 'Give a pino logger.',
  '': 'Give any of engine, store, router, fleet, access, audit, services, deploys, migrations, agent, basePath, maxWatchers, logger; engine, store and access are required.',
}

/** Options after the check, with the defaults filled in. */
export interface ConsoleSettings
  extends
    Pick<ConsoleOptions, 'engine' | 'store' | 'access' | 'deploys' | 'migrations'>,
    Required<Pick<ConsoleOptions, 'services' | 'logger' | 'maxWatchers'>> {
  readonly router: Router | undefined
  readonly audit: AuditLog | undefined
  readonly agent: AgentPort | undefined
  /** Undefined where the framework that it is mounted in tells. */
  readonly basePath: string | undefined
}

/** Checks the options once. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
export function parseConsoleOptions(options: ConsoleOptions): ConsoleSettings {
  checkOptions(schema, options, '', { remedies: REMEDIES, secret: ['access', 'engine', 'store'] })
  const logger = options.logger ?? pino({ enabled: false })
  return Object.freeze({
    ...options,
    services: options.services ?? ((): readonly ConsoleService[] => []),
    router: options.router,
    audit: options.audit,
    agent: options.agent,
    basePath: options.basePath,
    maxWatchers: options.maxWatchers ?? 1_000,
    logger: logger.child({ component: 'console' }),
  })
}
