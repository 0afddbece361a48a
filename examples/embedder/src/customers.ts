import { setTimeout as sleep } from 'node:timers/promises'

/** What customers went through. */
export interface Experience {
  readonly orders: number
  /** Orders that got no answer, or one from nobody. */
  readonly dropped: number
}

const CUSTOMERS = 8
const PAUSE_MS = 5

/** Customers who order one thing after another, until they are sent home. */
export function keepCustomersComing(url: string): { sendHome(): Promise<Experience> } {
  const closed = new AbortController()
  let orders = 0
  let dropped = 0
  const customer = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      orders += 1
      if (!(await isAnswered(url))) dropped += 1
      await sleep(PAUSE_MS)
    }
  }
  const all = Promise.all(Array.from({ length: CUSTOMERS }, customer))
  return {
    async sendHome() {
      closed.abort()
      await all
      return { orders, dropped }
    },
  }
}

/** A 500 of the shop is its own mistake; without an instance behind it the router answers 502 or 503. */
async function isAnswered(url: string): Promise<boolean> {
  const answer = await fetch(url, { method: 'POST', body: 'one, please' }).catch(() => undefined)
  await answer?.text().catch(() => undefined)
  return answer !== undefined && answer.status !== 502 && answer.status !== 503
}
