import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Answers one line of a client; what it returns is sent as it is. */
export type Reply = (line: string, socket: Socket) => string | undefined

/** A socket that takes commands as HAProxy does, and answers as it is told. */
export interface FakeRuntime {
  readonly path: string
  readonly connections: () => number
  [Symbol.asyncDispose](): Promise<void>
}

export const PROMPT = '\n> '

export async function fakeRuntime(reply: Reply): Promise<FakeRuntime> {
  const directory = await mkdtemp(join(tmpdir(), 'changeover-haproxy-'))
  const path = join(directory, 'admin')
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const answer = reply(line, socket)
        if (answer !== undefined) socket.write(answer)
      }
    })
  })
  await once(server.listen(path), 'listening')
  return {
    path,
    connections: () => open.size,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await rm(directory, { recursive: true })
    },
  }
}
