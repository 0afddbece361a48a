import type { Clock } from '@changeover/engine'
import { type Listener, listener, type Serving } from './listener.ts'
import type { Settings } from './options.ts'
import { routerError } from './router-error.ts'
import type { TlsIdentity } from './tls-options.ts'

/** The listeners of all services: open together, or not at all. */
export interface Listeners {
  listen(): Promise<Readonly<Record<string, string>>>
  url(service: string): string | undefined
  /** @throws ChangeoverError `CHANGEOVER_ROUTER_TLS_INVALID`, `CHANGEOVER_ROUTER_NOT_LISTENING` */
  renew(service: string, identity: TlsIdentity): void
  /** Lets the answers under way end for `closeMs`, then cuts them. Returns how many connections were cut. */
  close(closeMs: number, clock: Clock): Promise<number>
}

/** Listeners that are not open yet. */
export function listeners(settings: Settings, servingOf: (service: string) => Serving): Listeners {
  let all = new Map<string, Listener>()
  let listening: Promise<Readonly<Record<string, string>>> | undefined
  let closing = false

  const open = async (): Promise<Readonly<Record<string, string>>> => {
    all = new Map(
      [...settings.listeners].map(([service, options]) => [
        service,
        listener(service, options, settings, servingOf(service)),
      ]),
    )
    const opened = await Promise.allSettled([...all.values()].map((one) => one.listen()))
    const failed = opened.find((one) => one.status === 'rejected')
    if (!failed) return Object.fromEntries([...all].map(([name, one]) => [name, one.url() ?? '']))
    await Promise.all([...all.values()].map((one) => one.close()))
    listening = undefined
    throw failed.reason
  }

  return {
    async listen() {
      if (closing) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call: 'listen' })
      return (listening ??= open())
    },
    url: (service) => all.get(service)?.url(),
    renew(service, identity) {
      const found = all.get(service)
      if (!found) throw routerError('CHANGEOVER_ROUTER_NOT_LISTENING', { service })
      found.renew(identity)
    },
    async close(closeMs, clock) {
      closing = true
      await listening?.catch(() => undefined)
      return closeAll([...all.values()], closeMs, clock)
    },
  }
}

async function closeAll(all: readonly Listener[], closeMs: number, clock: Clock): Promise<number> {
  const ended = new AbortController()
  const closed = Promise.all(all.map((one) => one.close())).then(() => ended.abort())
  const deadline = clock.sleep(closeMs, { signal: ended.signal }).catch(() => undefined)
  await Promise.race([closed, deadline])
  const cut = all.reduce((sum, one) => sum + one.cut(), 0)
  await Promise.all([closed, deadline])
  return cut
}
