import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What stands between an adapter and the socket on which its HAProxy takes commands. */
export interface CommandGate {
  /** Commands that were passed on, refused or ignored. */
  readonly commands: readonly string[]
  /** Answers commands that change something with `reply`, and passes none of them on, until the returned function is called. */
  keepChanges(reply: string): () => Promise<void>
  /** Hangs up when it sees such a command, which it passes on before or not at all; once. */
  cutAt(command: RegExp, passing: 'passed on' | 'lost'): void
  close(): Promise<void>
}

const PROMPT = '\n> '
const CHANGES = /^(?:set|add|del|enable|disable) /

/** Listens on a socket, and passes on to another one. */
export async function commandGate(path: string, upstream: string): Promise<CommandGate> {
  const commands: string[] = []
  const open = new Set<Socket>()
  let kept: string | undefined
  let cut: { readonly command: RegExp; readonly passed: boolean } | undefined
  const server = createServer((client) => {
    const behind = connect(upstream)
    for (const one of [client, behind]) {
      open.add(one)
      one.on('error', () => undefined)
      one.on('close', () => open.delete(one))
    }
    behind.on('close', () => client.destroy())
    client.on('close', () => behind.end())
    let [rest, reply] = ['', '']
    const lines: string[] = []
    // One after another, so that replies of ours come in their turn.
    const next = (): void => {
      const [line] = lines
      if (line === undefined) return
      commands.push(line)
      if (cut?.command.test(line)) {
        if (cut.passed) behind.end(`${line}\n`)
        cut = undefined
        client.destroy()
      } else if (kept !== undefined && CHANGES.test(line)) replied(`${kept}${PROMPT}`)
      else behind.write(`${line}\n`)
    }
    const replied = (text: string): void => {
      client.write(text)
      reply = `${reply}${text}`.slice(-PROMPT.length)
      if (reply !== PROMPT) return
      reply = ''
      lines.shift()
      next()
    }
    behind.setEncoding('utf8').on('data', replied)
    client.setEncoding('utf8').on('data', (text: string) => {
      const whole = `${rest}${text}`.split('\n')
      rest = whole.pop() ?? ''
      const waiting = lines.length > 0
      lines.push(...whole)
      if (!waiting) next()
    })
  })
  await once(server.listen(path), 'listening')
  return {
    commands,
    keepChanges(reply) {
      kept = reply
      return async () => {
        kept = undefined
      }
    },
    cutAt(command, passing) {
      cut = { command, passed: passing === 'passed on' }
    },
    async close() {
      for (const one of open) one.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
