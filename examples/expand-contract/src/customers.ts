import { type LoadReport, openLoopLoad } from '@changeover/testing'

/** What became of the requests, and of what they wrote. */
export interface CustomerReport {
  readonly load: LoadReport
  /** Name by id, of every write that was answered as done. */
  readonly written: ReadonlyMap<string, string>
}

/** Customers that come at a constant rate, whatever becomes of the earlier ones. */
export interface Customers {
  /** No more come; resolves when the last one has gone. */
  sendHome(): Promise<CustomerReport>
  close(): Promise<void>
}

/**
 * Of three requests one makes a user, one renames one, and one reads one. An answer is wrong unless it has the name that was
 * just written, or the one that the user always had.
 */
export function keepCustomersComing(url: string, rate: number): Customers {
  const written = new Map<string, string>()
  const load = openLoopLoad({
    url,
    rate,
    request: (n) => {
      const path = n % 3 === 0 ? '/users' : `/users/${n}`
      if (n % 3 === 2) return { method: 'GET', path }
      const body = JSON.stringify({ name: nameOf(n) })
      return { method: n % 3 === 0 ? 'POST' : 'PUT', path, body }
    },
    verify: ({ body }, n) => {
      const { id, name } = userIn(body)
      if (name !== nameOf(n)) return `${id} is called "${name}", not "${nameOf(n)}"`
      if (n % 3 < 2) written.set(id, name)
      return undefined
    },
  })
  return {
    sendHome: async () => ({ load: await load.stop(), written }),
    close: () => load.close(),
  }
}

function nameOf(n: number): string {
  return n % 3 === 2 ? `user ${n}` : `customer ${n}`
}

function userIn(body: string): { readonly id: string; readonly name: string } {
  const value: unknown = JSON.parse(body)
  if (typeof value !== 'object' || value === null) return { id: '', name: '' }
  const { id, name } = { id: '', name: '', ...value }
  return { id, name }
}
