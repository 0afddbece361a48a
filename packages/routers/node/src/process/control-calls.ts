import type { Receipt, RouteTable } from '@changeover/engine'
import type { NodeRouter } from '../node-router.ts'
import type { TlsIdentity } from '../tls-options.ts'
import type { CallArguments, CallName, CallResults, Notice } from './protocol.ts'

/** Who calls, and until when the answer is wanted. */
export interface CallContext {
  readonly signal: AbortSignal
  readonly adapter: string
}

/** What becomes of each call. */
export type Calls = {
  readonly [Name in CallName]: (
    call: CallArguments[Name],
    context: CallContext,
  ) => Promise<CallResults[Name]>
}

/** What others are to know of the calls. */
export interface CallListener {
  readonly tell: (notice: Notice, except: string) => void
  readonly renewed: (service: string, identity: TlsIdentity) => void
}

/** Hands each call on to the router, and tells the other adapters of changed routes. */
export function controlCalls(
  router: Pick<NodeRouter, CallName>,
  { tell, renewed }: CallListener,
): Calls {
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other: what another adapter changes meanwhile would be taken for this one's doing. */
  const applyOne = async (table: RouteTable, adapter: string): Promise<Receipt> => {
    const { service } = table
    const before = await router.observe(service)
    // Not cancelled: whether it is in force must not depend on when an adapter left.
    const receipt = await router.apply(table)
    const { revision, fence } = await router.observe(service)
    const drift = `revision ${revision} under fence ${fence} was put in force by another adapter`
    if (revision !== before.revision || fence !== before.fence)
      tell({ event: 'changed', service, drift }, adapter)
    return receipt
  }

  return {
    probe: (_, { signal }) => router.probe({ signal }),
    observe: ({ service }, { signal }) => router.observe(service, { signal }),
    converge: ({ receipt, deadline }, { signal }) => router.converge(receipt, { deadline, signal }),
    drain: ({ service, instances, deadline }, { signal }) =>
      router.drain(service, instances, { deadline, signal }),
    traffic: ({ service }, { signal }) => router.traffic(service, { signal }),
    copies: ({ service }) => router.copies(service),
    async hold({ service, options }) {
      await router.hold(service, options)
      return null
    },
    release: ({ service }) => router.release(service),
    async renewTls({ service, identity }) {
      await router.renewTls(service, identity)
      renewed(service, identity)
      return null
    },
    apply({ table }, { adapter }) {
      const turn = last.then(() => applyOne(table, adapter))
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
