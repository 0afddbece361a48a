import { Agent } from 'node:http'
import { startExchange } from './http-exchange.ts'
import { RELEASE_HEADER } from './traffic-backend.ts'

/** A whole answer. */
export interface Answer {
  readonly status: number
  /** The release that answered; undefined where the router did. */
  readonly release: string | undefined
}

/** Sends requests, each of them once. */
export interface TrafficClient {
  /** Rejects where the answer is not whole. */
  ask(): Promise<Answer>
  /** Sends so many, a few at a time. */
  askMany(count: number): Promise<readonly Answer[]>
  close(): void
}

const AT_A_TIME = 8
const GET = { method: 'GET', path: undefined, headers: {}, body: undefined }

/** A client of `address`. With `keepAlive` it uses its connections again, as browsers and proxies do. */
export function trafficClient(
  address: string,
  { keepAlive }: { readonly keepAlive: boolean },
): TrafficClient {
  const agent = new Agent({ keepAlive })
  const url = new URL(address)
  const ask = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      startExchange(
        { agent, url, wire: GET },
        {
          complete: ({ status, headers }) => {
            const release = headers[RELEASE_HEADER]
            resolve({ status, release: typeof release === 'string' ? release : undefined })
          },
          broken: (_, error) => reject(error),
        },
      )
    })

  async function askMany(count: number): Promise<readonly Answer[]> {
    const answers: Answer[] = []
    let left = count
    const worker = async (): Promise<void> => {
      for (; left > 0; answers.push(await ask())) left -= 1
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
    return answers
  }

  return { ask, askMany, close: () => agent.destroy() }
}
