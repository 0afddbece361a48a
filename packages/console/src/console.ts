import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { localActor } from './access/local-actor.ts'
import { consoleError } from './console-error.ts'
import type { ConsoleOptions } from './console-options.ts'
import { type ConsoleSettings, parseConsoleOptions } from './console-settings.ts'
import { sendAnswer } from './http/answer.ts'
import { type Admit, apiServer } from './http/api-server.ts'
import { mountedAt } from './http/mount.ts'
import { type Problem, problemAnswer, problemOf } from './http/problem.ts'
import { routeTable } from './http/route-table.ts'
import { setSecurityHeaders } from './http/security-headers.ts'
import { createTrail } from './http/trail.ts'
import { createHub, type Hub } from './live/hub.ts'
import { fourEyesOf, listServices } from './routes/console-parts.ts'
import { endpointsOf } from './routes/endpoints.ts'
import { createReplays, obeyedCommands } from './routes/replays.ts'
import { type SiteRequest, siteServer } from './site/site-server.ts'

/** The HTTP API and the web page beside an engine. */
export interface Console extends AsyncDisposable {
  /**
   * Answers what is below the path that it is mounted at, and calls `next` for everything else; without `next` that is
   * answered with 404. For node:http, and for Express and Connect. Whoever asks is told by the option `access`.
   */
  readonly handler: (
    request: IncomingMessage,
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ) => void
  /**
   * The same for a server on a socket that only its owner can open: everybody is an operator there, by the name in the
   * header `x-changeover-actor`. Never give it to a server on a network.
   */
  readonly localHandler: (request: IncomingMessage, response: ServerResponse) => void
  /**
   * Ends every stream and waits for requests under way, 5 s at most; new ones are refused. Engine, store, access, audit log and
   * server are the caller's to close.
   */
  close(): Promise<void>
}

/**
 * Creates the console of an engine: who watches, approves and rolls back, does it here.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const access = createAccess({ tokens: fileTokens({ path: 'tokens.json' }) })
 * const console = createConsole({ engine, store, router, access })
 * createServer(console.handler).listen(8300, '127.0.0.1')
 * ```
 */
export function createConsole(options: ConsoleOptions): Console {
  const settings = parseConsoleOptions(options)
  const { access, basePath, logger } = settings
  const problem = (error: unknown): Problem => problemOf(error, (one) => logged(logger, one))
  const hub = hubOf(settings)
  const serve = serverOf(settings, hub, problem)
  const underWay = new Set<Promise<void>>()
  let closing: Promise<void> | undefined

  function handle(
    request: IncomingMessage,
    response: ServerResponse,
    admit: Admit,
    next?: (error?: unknown) => void,
  ): void {
    const mounted = mountedAt(request, basePath)
    if (!mounted && next) return next()
    setSecurityHeaders(response)
    const refusal = mounted ? undefined : consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', HERE)
    const closed = closing && consoleError('CHANGEOVER_CONSOLE_CLOSING')
    if (!mounted || closed) return sendAnswer(response, problemAnswer(problem(closed ?? refusal)))
    const answered = serve({ request, response, admit, ...mounted })
    underWay.add(answered)
    void answered.finally(() => underWay.delete(answered))
  }

  async function shutDown(): Promise<void> {
    await hub.close()
    await within(PATIENCE_MS, Promise.all(underWay))
    // Those that were about to be opened.
    await hub.close()
  }

  const close = (): Promise<void> => (closing ??= shutDown())
  return {
    handler: (request, response, next) =>
      handle(request, response, (one) => access.admit(one), next),
    localHandler: (request, response) => handle(request, response, localActor),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const HERE = { what: 'page' }

/** How long requests under way are waited for, in milliseconds: a deploy may wait for the end of the rollout before it. */
const PATIENCE_MS = 5_000

/** Resolves when `work` has, and after `ms` at the latest. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, over])
  clearTimeout(timer)
}

function hubOf(settings: ConsoleSettings): Hub {
  const { engine, store, router, logger, maxWatchers } = settings
  const services = (): ReturnType<typeof listServices> => listServices(settings)
  const source = { engine, store }
  const fourEyes = fourEyesOf(settings)
  return createHub({ source, router, services, logger, fourEyes, maxWatchers })
}

/** Answers requests below the path that the console is mounted at. */
function serverOf(
  settings: ConsoleSettings,
  hub: Hub,
  problemOf: (error: unknown) => Problem,
): (asked: SiteRequest) => Promise<void> {
  const replays = createReplays(() => obeyedCommands(settings.audit))
  const table = routeTable(endpointsOf({ ...settings, hub, replays }))
  const api = apiServer({ table, trail: createTrail(settings, Date.now), problemOf })
  const directory = new URL('../dist/page/', import.meta.url)
  const site = siteServer({ directory, services: settings, problemOf })
  return (asked) => (asked.path.startsWith('/api/') ? api(asked) : site(asked))
}

/** What went wrong inside stays in the log, under the id that is answered. */
function logged(logger: Logger, error: unknown): string {
  const id = randomUUID()
  logger.error({ err: error, id }, 'a request failed')
  return id
}
