import { get, type IncomingMessage } from 'node:http'

/** One server-sent event, as it came over the wire. */
export interface Told {
  readonly event: string
  readonly id: number | undefined
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read what they expect
  readonly data: any
}

export interface Watching {
  readonly events: readonly Told[]
  /** Comments, without their colons. */
  readonly comments: readonly string[]
  readonly response: IncomingMessage
  /** Resolves with the first event that `found` accepts, come or still to come. Rejects where the stream ends before. */
  until(found: (told: Told) => boolean): Promise<Told>
  /** Resolves when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>
  close(): void
}

export interface WatchOptions {
  readonly token: string
  /** Sent as `Last-Event-ID`. */
  readonly lastEventId?: number
}

/** Opens a stream and reads it, with nothing in between. @throws where the answer is no stream, with its body */
export async function watchEvents(
  url: string,
  { token, lastEventId }: WatchOptions,
): Promise<Watching> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject)
  })
  response.setEncoding('utf8')
  if (response.statusCode !== 200) throw new Error(await textOf(response))
  return read(response)
}

function read(response: IncomingMessage): Watching {
  const events: Told[] = []
  const comments: string[] = []
  const waiting = new Set<() => void>()
  let text = ''
  response.on('data', (chunk: string) => {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) comments.push(block.slice(2))
      else if (!block.startsWith('retry:')) events.push(parse(block))
    }
    for (const look of waiting) look()
  })
  let over = false
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => {
      over = true
      for (const look of waiting) look()
      resolve()
    })
  })
  response.on('error', () => undefined)
  return {
    events,
    comments,
    response,
    ended,
    close: () => response.destroy(),
    until: (found) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const told = events.find(found)
          if (!told && !over) return
          waiting.delete(look)
          if (told) resolve(told)
          else reject(new Error('the stream ended before'))
        }
        waiting.add(look)
        look()
      }),
  }
}

function parse(block: string): Told {
  const id = /^id: (\d+)$/m.exec(block)?.[1]
  return {
    event: /^event: (.+)$/m.exec(block)?.[1] ?? 'message',
    id: id === undefined ? undefined : Number(id),
    // Read where it is looked at: a hundred watchers are told of four hundred thousand entries.
    get data() {
      return JSON.parse(block.slice(block.indexOf('data: ') + 'data: '.length))
    },
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}
