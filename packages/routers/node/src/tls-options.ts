import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { routerError } from './router-error.ts'

/** What a listener proves its name with. */
export interface TlsIdentity {
  /** The private key, in PEM. */
  readonly key: string
  /** The certificate and those between it and the root, its own first, in PEM. */
  readonly cert: string
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string
}

/** How a listener serves HTTPS. */
export interface TlsOptions extends TlsIdentity {
  /** The oldest version that is spoken. @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Whether clients may choose HTTP/2 (by ALPN). Instances are asked by HTTP/1.1 in any case. @default true */
  readonly http2?: boolean
}

const pem = z.string().includes('-----BEGIN ', 'it is not PEM')

const identity = z.strictObject({
  key: pem,
  cert: pem,
  passphrase: z.string().optional(),
})

/** The shape of {@link TlsIdentity}. */
export const identitySchema: z.ZodType = identity

/** The shape of {@link TlsOptions}. */
export const tlsSchema: z.ZodType = identity.extend({
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional(),
  http2: z.boolean().optional(),
})

/** What Node makes of an identity. */
export interface TlsCredentials {
  readonly key: string
  readonly cert: string
  readonly passphrase: string | undefined
}

/**
 * Reads the key and the certificate before anybody is served with them.
 *
 * @throws ChangeoverError `CHANGEOVER_ROUTER_TLS_INVALID`
 */
export function checkIdentity(
  service: string,
  { key, cert, passphrase }: TlsIdentity,
): TlsCredentials {
  const credentials = { key, cert, passphrase }
  try {
    createSecureContext(credentials)
  } catch (error) {
    // The reader's words only: the key belongs into no log.
    const problem = error instanceof Error ? error.message : 'it cannot be read'
    throw routerError('CHANGEOVER_ROUTER_TLS_INVALID', { service, problem })
  }
  return credentials
}
