import { Agent } from 'node:http'
import { startExchange } from './http-exchange.ts'
import { RELEASE_HEADER } from './traffic-backend.ts'

/** A whole answer. */
export interface Answer {
  readonly status: number
  /** The release that answered; undefined where the router did. */
  readonly release: string | undefined
}

/** Headers of a request, by name. */
export type RequestHeaders = Readonly<Record<string, string>>

/** Sends requests, each of them once. */
export interface TrafficClient {
  /** Rejects where the answer is not whole. */
  ask(headers?: RequestHeaders): Promise<Answer>
  /** Sends so many, a few at a time. */
  askMany(count: number, headers?: RequestHeaders): Promise<readonly Answer[]>
  /** Sends one request for each of these, a few at a time; gives their answers in that order. */
  askEach(heads: readonly RequestHeaders[]): Promise<readonly Answer[]>
  close(): void
}

const AT_A_TIME = 8
const GET = { method: 'GET', path: undefined, body: undefined }

/** A client of `address`. With `keepAlive` it uses its connections again, as browsers and proxies do. */
export function trafficClient(
  address: string,
  { keepAlive }: { readonly keepAlive: boolean },
): TrafficClient {
  const agent = new Agent({ keepAlive })
  const url = new URL(address)
  const ask = (headers: RequestHeaders = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      startExchange(
        { agent, url, wire: { ...GET, headers } },
        {
          complete: ({ status, headers }) => {
            const release = headers[RELEASE_HEADER]
            resolve({ status, release: typeof release === 'string' ? release : undefined })
          },
          broken: (_, error) => reject(error),
        },
      )
    })

  async function askEach(heads: readonly RequestHeaders[]): Promise<readonly Answer[]> {
    const answers: Answer[] = []
    const left = heads.entries()
    const worker = async (): Promise<void> => {
      for (const [i, headers] of left) answers[i] = await ask(headers)
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
    return answers
  }

  return {
    ask,
    askEach,
    askMany: (count, headers = {}) => askEach(Array.from({ length: count }, () => headers)),
    close: () => agent.destroy(),
  }
}
