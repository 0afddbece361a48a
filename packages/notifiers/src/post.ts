import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'

/** One request. */
export interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/** What came back. The body is of no interest. */
export interface PostAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** Most of an answer that is waited for, in bytes: a server may be cut off in the middle of it, but mostly is not. */
const ANSWER_LIMIT = 64 * 1024

/** Posts `body` on a connection of its own. Follows no redirect. Rejects where no answer came. */
export async function post({ url, headers, body, signal }: Post): Promise<PostAnswer> {
  const response = await send(url, { method: 'POST', agent: false, headers, signal }, body)
  const { statusCode = 0, headers: answered } = response
  await drain(response)
  return { status: statusCode, retryAfter: answered['retry-after'] }
}

function send(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on('error', reject).end(body)
  })
}

/** The status has said all; whatever becomes of the rest changes nothing. */
async function drain(response: IncomingMessage): Promise<void> {
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > ANSWER_LIMIT) break
    }
  } catch {
    // Cut off.
  }
  response.destroy()
}
