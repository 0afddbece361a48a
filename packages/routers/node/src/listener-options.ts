import { checkOptions } from '@changeover/engine'
import { z } from 'zod'
import { checkIdentity, type TlsOptions, tlsSchema } from './tls-options.ts'

/** Where one service is served. */
export interface ListenerOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Address to listen on; anything but the default lets other machines in. @default '127.0.0.1' */
  readonly host?: string
  /** Serves HTTPS, and HTTP/2 to clients that choose it. @default plain HTTP/1 */
  readonly tls?: TlsOptions
}

/** Where one service is served, with the defaults filled in. */
export interface ListenerSettings {
  readonly port: number
  readonly host: string
  readonly tls: TlsOptions | undefined
}

/** The shape of {@link ListenerOptions}. */
export const listenerSchema: z.ZodType<object> = z.strictObject({
  port: z.int().min(0).max(65_535),
  host: z.string().min(1).optional(),
  // Checked on its own, because its values are not to be shown.
  tls: z.unknown().optional(),
})

/** Fills the defaults in, by the service's name. */
export function parseListeners(
  listeners: Readonly<Record<string, ListenerOptions>>,
): ReadonlyMap<string, ListenerSettings> {
  return new Map(
    Object.entries(listeners).map(([name, { port, host = '127.0.0.1', tls }]) => [
      name,
      { port, host, tls: tls === undefined ? undefined : parseTls(name, tls) },
    ]),
  )
}

function parseTls(service: string, tls: TlsOptions): TlsOptions {
  checkOptions(tlsSchema, tls, `listeners.${service}.tls`, {
    remedies: { '': 'Give key and cert in PEM, and any of passphrase, minVersion, http2.' },
    secret: ['key', 'cert', 'passphrase'],
  })
  checkIdentity(service, tls)
  return tls
}
