import { readFileSync } from 'node:fs'
import type { TlsIdentity } from '@changeover/router-node'

/** A self-signed identity of `localhost` and 127.0.0.1. Its common name is `shop-a` or `shop-b`. */
export function identity(name: 'a' | 'b'): TlsIdentity {
  const read = (file: string): string =>
    readFileSync(new URL(`fixtures/localhost-${file}.pem`, import.meta.url), 'utf8')
  return { key: read(`${name}-key`), cert: read(name) }
}
