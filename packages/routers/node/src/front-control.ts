import { checkOptions } from '@changeover/engine'
import { type HoldOptions, parseHold } from './hold-options.ts'
import type { Listeners } from './listeners.ts'
import { routerError } from './router-error.ts'
import { serviceOf } from './router-port.ts'
import type { ServedService } from './served-service.ts'
import { identitySchema, type TlsIdentity } from './tls-options.ts'

/** What a router does at its front, towards clients. */
export interface FrontControl {
  /**
   * New requests wait, upgrades too, until `release`: for a swap during which nobody can answer. Those in flight go on.
   * Called again, it changes the limits for those that come from then on.
   *
   * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_ROUTER_SERVICE_UNKNOWN`, `CHANGEOVER_ROUTER_CLOSED`
   */
  hold(service: string, options?: HoldOptions): Promise<void>
  /**
   * Lets the requests that wait go, in the order in which they came, each by the table in force now.
   *
   * @returns how many those were; 0 where nothing was on hold
   * @throws ChangeoverError `CHANGEOVER_ROUTER_SERVICE_UNKNOWN`, `CHANGEOVER_ROUTER_CLOSED`
   */
  release(service: string): Promise<number>
  /**
   * Renews the certificate of a listener that has the option `tls`, for new connections; those that there are go on.
   *
   * @throws ChangeoverError `CHANGEOVER_ROUTER_TLS_INVALID`, `CHANGEOVER_ROUTER_NOT_LISTENING`,
   * `CHANGEOVER_ROUTER_SERVICE_UNKNOWN`, `CHANGEOVER_ROUTER_CLOSED`
   */
  renewTls(service: string, identity: TlsIdentity): Promise<void>
}

/** The front of a router with `services` behind `listeners`. */
export function frontControl(
  services: ReadonlyMap<string, ServedService>,
  listeners: Pick<Listeners, 'renew'>,
  isClosed: () => boolean,
): FrontControl {
  const begin = (call: string, service: string): ServedService => {
    if (isClosed()) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call })
    return serviceOf(services, service)
  }
  return {
    async hold(service, options = {}) {
      begin('hold', service).room.hold(parseHold(options))
    },
    async release(service) {
      return begin('release', service).room.release()
    },
    async renewTls(service, identity) {
      begin('renewTls', service)
      checkOptions(identitySchema, identity, 'tls', {
        remedies: { '': 'Give key and cert in PEM, and passphrase where the key has one.' },
        secret: ['key', 'cert', 'passphrase'],
      })
      listeners.renew(service, identity)
    },
  }
}
