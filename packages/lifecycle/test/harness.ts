import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import { createLifecycle } from '../src/index.ts'
import type { HttpServer, Lifecycle, LifecycleOptions } from '../src/index.ts'

/** A listening server with a lifecycle that is ready and has no signals. */
export interface Harness {
  readonly lifecycle: Lifecycle
  readonly server: HttpServer
  readonly port: number
}

export const quick = { notice: 0, quiet: 50, deadline: 20_000 }

export async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return portOf(server)
}

function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port
}

export async function start(
  listener: RequestListener,
  options: LifecycleOptions = {},
  server: HttpServer = createServer(listener),
): Promise<Harness> {
  const lifecycle = createLifecycle({ signals: [], drain: quick, ...options })
  lifecycle.attach(server)
  const port = await listen(server)
  lifecycle.ready()
  return { lifecycle, server, port }
}

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url))

export function certificate(): { key: Buffer; cert: Buffer } {
  return { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') }
}

export function createTlsServer(listener: RequestListener): HttpServer {
  return createSecureServer(certificate(), listener)
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A promise to settle by hand. */
export function defer<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
