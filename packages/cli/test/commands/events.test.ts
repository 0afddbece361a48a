import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { CommandError } from '../../src/client/command-error.ts'
import { createEventParser, type ServerEvent } from '../../src/client/event-parser.ts'
import { EXIT } from '../../src/client/exit-code.ts'
import { followRollout } from '../../src/client/follow-rollout.ts'
import { patiently } from '../../src/client/patience.ts'

describe('Server-sent events', () => {
  const parse = (...pieces: string[]): ServerEvent[] => {
    const parser = createEventParser()
    return pieces.flatMap((piece) => parser.push(piece))
  }

  it('have a name, data of several lines, and the id that was given last', () => {
    const text =
      ': hello\nretry: 1000\n\nid: 7\nevent: entry\ndata: {\ndata: }\n\nevent:view\r\ndata:1\r\n\r\ndata\n\n'
    expect(parse(text)).toEqual([
      { event: 'entry', data: '{\n}', id: '7' },
      { event: 'view', data: '1', id: '7' },
      { event: 'message', data: '', id: '7' },
    ])
  })

  it('are the same however the stream is cut into pieces', () => {
    const text = 'id: 1\nevent: entry\ndata: {"name":"ä→"}\n\n: wait\n\nevent: end\ndata: {}\n\n'
    const whole = parse(text)
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), text.length]
        const pieces = cuts.slice(1).map((end, at) => text.slice(cuts[at], end))
        expect(parse(...pieces)).toEqual(whole)
      }),
    )
  })
})

describe('Following a rollout', () => {
  let server: Server | undefined

  afterEach(async () => {
    server?.closeAllConnections()
    server?.close()
    server = undefined
  })

  async function follow(
    answers: readonly ((response: ServerResponse) => void)[],
    options: { readonly patienceMs?: number } = {},
  ) {
    const asked: (string | undefined)[] = []
    server = createServer((request, response) => {
      asked.push(request.headers['last-event-id']?.toString())
      const answer = answers[asked.length - 1]
      if (answer) answer(response)
      else response.destroy()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const { signal } = new AbortController()
    const endpoint = { kind: 'url' as const, url, token: undefined, ca: undefined }
    const client = createClient({ endpoint, actor: 'ann', timeoutMs: 5_000, signal })
    const states: string[] = []
    const seqs: number[] = []
    const error = await (async () => {
      const onState = (state: string): void => void states.push(state)
      for await (const told of followRollout(client, 'r', { signal, onState, ...options }))
        if (told.event === 'entry') seqs.push(told.data.seq)
      return undefined
    })().catch((thrown: unknown) => thrown)
    return { asked, seqs, states, error }
  }

  const stream =
    (from: number, to: number, isEnd = false) =>
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let seq = from; seq <= to; seq += 1)
        response.write(`id: ${seq}\nevent: entry\ndata: {"seq":${seq}}\n\n`)
      response.end(
        isEnd ? 'event: end\ndata: {"outcome":"promoted"}\n\n' : 'event: view\ndata: {"cut',
      )
    }
  const refusal = (status: number, code: string) => (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify({ error: { code, message: 'no' } }))

  it('takes a lost connection up behind the last entry, and tells each once', async () => {
    // The second agent sends two of them again.
    const { asked, seqs, states, error } = await follow([
      stream(0, 4),
      stream(3, 7),
      refusal(503, 'CHANGEOVER_CONSOLE_CLOSING'),
      (response) => response.destroy(),
      stream(8, 9, true),
    ])
    expect(error).toBeUndefined()
    expect(seqs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(asked).toEqual([undefined, '4', '7', '7', '7'])
    expect(states).toEqual(['lost', 'back', 'lost', 'back'])
  })

  it('waits for an agent that took the command and is gone before it was listened to', async () => {
    const { error, seqs, states } = await follow([
      (response) => response.destroy(),
      refusal(503, 'CHANGEOVER_CONSOLE_CLOSING'),
      stream(0, 1, true),
    ])
    expect(error).toBeUndefined()
    expect(seqs).toEqual([0, 1])
    expect(states).toEqual(['lost', 'back'])
  })

  it('looks at it again and again while the agent is away, and not where it is refused', async () => {
    const { signal } = new AbortController()
    const away = new CommandError('CHANGEOVER_AGENT_UNREACHABLE', 'nobody', {
      exitCode: EXIT.unreachable,
    })
    const refused = new CommandError('CHANGEOVER_ROLLOUT_UNKNOWN', 'no', { exitCode: EXIT.refused })
    const errors = [away, away]
    const options = { signal, where: 'here' }
    const ask = async (): Promise<string> => {
      const error = errors.shift()
      if (error) throw error
      return 'there'
    }
    expect(await patiently(options, ask)).toBe('there')
    errors.push(refused)
    await expect(patiently(options, ask)).rejects.toBe(refused)
    errors.push(...Array.from({ length: 9 }, () => away))
    await expect(patiently({ ...options, patienceMs: 200 }, ask)).rejects.toMatchObject({
      code: 'CHANGEOVER_AGENT_LOST',
    })
  })

  it('gives up where the agent stays away for too long, and says that the rollout goes on', async () => {
    const { error, seqs } = await follow([stream(0, 0)], { patienceMs: 300 })
    expect(error).toMatchObject({ code: 'CHANGEOVER_AGENT_LOST', exitCode: 7 })
    expect(seqs).toEqual([0])
  })

  it('does not insist where it is refused', async () => {
    const { error, asked } = await follow([
      stream(0, 0),
      refusal(401, 'CHANGEOVER_CONSOLE_TOKEN_INVALID'),
    ])
    expect(error).toMatchObject({ code: 'CHANGEOVER_CONSOLE_TOKEN_INVALID', exitCode: 3 })
    expect(asked).toHaveLength(2)
  })

  it('says what it is that answers where that is no agent', async () => {
    const { error } = await follow([(response) => response.writeHead(404).end('<html>')])
    expect(error).toMatchObject({ code: 'CHANGEOVER_ANSWER_UNREADABLE', exitCode: 1 })
  })
})

describe('A call', () => {
  it('ends with 7 where nothing answers in time', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const client = createClient({
      endpoint: { kind: 'url', url, token: undefined, ca: undefined },
      actor: 'ann',
      timeoutMs: 50,
      signal: new AbortController().signal,
    })
    await expect(client.get('/api/v1/services')).rejects.toMatchObject({
      code: 'CHANGEOVER_AGENT_SILENT',
      exitCode: 7,
    })
    server.closeAllConnections()
    server.close()
  })
  it('waits on where what it asks for has to wait itself', async () => {
    const server = createServer((_, response) => {
      setTimeout(() => response.end('{"id":"shop-2"}'), 300)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const client = createClient({
      endpoint: { kind: 'url', url, token: undefined, ca: undefined },
      actor: 'ann',
      timeoutMs: 50,
      signal: new AbortController().signal,
    })
    const asked = client.post('/api/v1/services/shop/deploy', {}, { patient: true })
    expect(await asked).toEqual({ id: 'shop-2' })
    server.closeAllConnections()
    server.close()
  })
})
