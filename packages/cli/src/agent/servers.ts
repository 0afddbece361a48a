import { chmod, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { ListenOptions } from 'node:net'
import type { AgentHttp } from '../config/agent-config.ts'
import { agentError, wordsOf } from './agent-error.ts'

/** A server that listens. */
export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves on a unix socket that only its owner can open. One that a dead agent left is replaced: whoever calls holds the lock of
 * the directory.
 *
 * @throws ChangeoverError `CHANGEOVER_AGENT_LISTEN_FAILED`
 */
export async function listenOnSocket(path: string, handler: RequestListener): Promise<Listening> {
  await rm(path, { force: true })
  const server = createServer(handler)
  await listen(server, { path }, path)
  // The directory is 0700 already: in between, nobody else gets here.
  await chmod(path, 0o600)
  return { url: `unix:${path}`, close: () => closeServer(server) }
}

/** For those who connect and say nothing, in milliseconds. */
const PATIENCE = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
}

/** Whoever opens more must not take the files and sockets with which the agent itself works. */
const MOST_CONNECTIONS = 2_000

/** Serves on TCP. @throws ChangeoverError `CHANGEOVER_AGENT_LISTEN_FAILED` */
export async function listenOnPort(
  { port, host, tls }: AgentHttp,
  handler: RequestListener,
): Promise<Listening> {
  const server = tls
    ? createTlsServer(
        { ...(await readIdentity(tls)), ...PATIENCE, handshakeTimeout: 10_000 },
        handler,
      )
    : createServer(PATIENCE, handler)
  server.maxConnections = MOST_CONNECTIONS
  await listen(server, { port, host }, `${host}:${port}`)
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  const shown = host.includes(':') ? `[${host}]` : host
  return { url: `${tls ? 'https' : 'http'}://${shown}:${actual}`, close: () => closeServer(server) }
}

async function readIdentity(
  tls: NonNullable<AgentHttp['tls']>,
): Promise<{ cert: string; key: string }> {
  try {
    return { cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') }
  } catch (error) {
    throw failed(tls.cert, error)
  }
}

async function listen(server: Server, options: ListenOptions, where: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options, () => {
        server.off('error', reject)
        // A connection that cannot be accepted, for want of files or memory, is the client's trouble and not the agent's end.
        server.on('error', () => undefined)
        resolve()
      })
    })
  } catch (error) {
    throw failed(where, error)
  }
}

function failed(where: string, error: unknown): Error {
  return agentError('CHANGEOVER_AGENT_LISTEN_FAILED', { where, problem: wordsOf(error) }, error)
}

/** Streams have ended by then; whatever is still open is of nobody who listens. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const cut = setTimeout(() => server.closeAllConnections(), 1_000)
  server.closeIdleConnections()
  await closed
  clearTimeout(cut)
}
