import { createHash, X509Certificate } from 'node:crypto'
import type { NodeRouterOptions } from '../options.ts'
import type { TlsIdentity } from '../tls-options.ts'

/** Tells an identity apart from others, and says which of two is the newer one, without telling the key. */
export interface IdentityMark {
  readonly hash: string
  /** From when on the certificate is valid, in milliseconds since the epoch. */
  readonly since: number
}

/** By service. Certificates are renewed while a router runs, so they are no part of what makes its options others. */
export type Identities = ReadonlyMap<string, TlsIdentity>

type Options = Omit<NodeRouterOptions, 'logger' | 'signal' | 'clock' | 'random'>

/** The identities in the options of a router. */
export function identitiesOf({ listeners }: Options): Map<string, TlsIdentity> {
  const found = new Map<string, TlsIdentity>()
  for (const [service, { tls }] of Object.entries(listeners)) {
    if (!tls) continue
    const { key, cert, passphrase } = tls
    found.set(service, { key, cert, ...(passphrase !== undefined && { passphrase }) })
  }
  return found
}

/** The options with these identities in the place of their own; those without one stand as an empty one. */
export function withIdentities(options: Options, identities: Identities): Options {
  const listeners = Object.entries(options.listeners).map(([service, listener]) => {
    if (!listener.tls) return [service, listener] as const
    const { key: _key, cert: _cert, passphrase: _passphrase, ...rest } = listener.tls
    const identity = identities.get(service) ?? { key: '', cert: '' }
    return [service, { ...listener, tls: { ...rest, ...identity } }] as const
  })
  return { ...options, listeners: Object.fromEntries(listeners) }
}

/** @throws an error of Node where the certificate cannot be read */
export function markOf({ key, cert }: TlsIdentity): IdentityMark {
  const hash = createHash('sha256').update(cert).update('\0').update(key).digest('hex')
  return { hash, since: Date.parse(new X509Certificate(cert).validFrom) }
}

/** Whether a process that serves one identity is to be given another one: never an older one than it has. */
export function isOutdated(theirs: IdentityMark | undefined, ours: IdentityMark): boolean {
  return theirs !== undefined && theirs.hash !== ours.hash && ours.since >= theirs.since
}
