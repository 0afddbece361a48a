import type { IncomingMessage, ServerResponse } from 'node:http'
import { consoleError, ConsoleError } from '../console-error.ts'
import { type Problem, problemAnswer } from '../http/problem.ts'
import { sendAnswer } from '../http/answer.ts'
import type { ApiRequest } from '../http/api-server.ts'
import { actorView } from '../routes/console-endpoints.ts'
import { listServices, type ServiceSource } from '../routes/console-parts.ts'
import type { Actor } from '../access/access.ts'
import { type InitialData, pageText } from './page-text.ts'
import { readSite, type Site, type SiteFile } from './site-files.ts'

export interface SiteParts {
  /** Where the built page is. */
  readonly directory: URL
  readonly services: ServiceSource
  readonly problemOf: (error: unknown) => Problem
}

export interface SiteRequest extends ApiRequest {
  /** Path that the console is mounted at. */
  readonly basePath: string
}

/** First parts of the paths that the page itself shows something at. */
const SCREENS: ReadonlySet<string> = new Set(['', 'services', 'rollouts', 'audit', 'sign-in'])

/** Answers requests of the page. Never rejects. */
export function siteServer(parts: SiteParts): (asked: SiteRequest) => Promise<void> {
  let reading: Promise<Site> | undefined
  return async (asked) => {
    const { request, response } = asked
    try {
      assertRead(request)
      reading ??= readSite(parts.directory)
      const site = await reading
      // Somebody may be building it right now.
      if (site.index === undefined) reading = undefined
      await answer(parts, asked, site)
    } catch (error) {
      sendAnswer(response, problemAnswer(parts.problemOf(error)))
    }
  }
}

async function answer(parts: SiteParts, asked: SiteRequest, site: Site): Promise<void> {
  const { request, response, path } = asked
  const file = site.files.get(path.slice(1))
  if (file) return sendFile(request, response, file, path.startsWith('/assets/'))
  const [, screen = ''] = path.split('/')
  if (!SCREENS.has(screen)) throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: 'page' })
  if (site.index === undefined)
    throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: 'page: it was not built' })
  const text = pageText(site.index, await initialData(parts, asked))
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
  })
  response.end(text)
}

async function initialData(
  { services }: SiteParts,
  { request, admit, basePath }: SiteRequest,
): Promise<InitialData> {
  const actor = whoOrNobody(request, admit)
  if (!actor) return { basePath }
  return { basePath, actor: actorView(actor), services: await listServices(services) }
}

/** Nobody signed in gets the page all the same: it lets them sign in. */
function whoOrNobody(request: IncomingMessage, admit: ApiRequest['admit']): Actor | undefined {
  try {
    return admit(request)
  } catch (error) {
    if (error instanceof ConsoleError && error.status === 401) return undefined
    throw error
  }
}

function assertRead({ method = 'GET', url = '' }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return
  throw consoleError('CHANGEOVER_CONSOLE_METHOD', { method, path: url, allow: 'GET, HEAD' })
}

/** Names of assets carry a hash of their content: whoever has one need never ask for it again. */
function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: SiteFile,
  hashed: boolean,
): void {
  const { coding, content } = choose(file, request.headers['accept-encoding'])
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': String(content.length),
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
  })
  response.end(content)
}

function choose(
  { plain, br, gzip }: SiteFile,
  accepted: string | string[] | undefined,
): { readonly coding: 'br' | 'gzip' | undefined; readonly content: Buffer } {
  const codings = new Set(
    String(accepted ?? '')
      .split(',')
      .map((part) => part.trim().toLowerCase())
      .filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part))
      .map((part) => part.split(';')[0]),
  )
  if (br && codings.has('br')) return { coding: 'br', content: br }
  if (gzip && codings.has('gzip')) return { coding: 'gzip', content: gzip }
  return { coding: undefined, content: plain }
}
