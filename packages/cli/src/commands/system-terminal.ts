import { createInterface } from 'node:readline/promises'
import { styleFor, type Drawing, type Terminal } from './terminal.ts'

/** The terminal, or whatever stands in its place, of this process. */
export function systemTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  const isDumb = env['TERM'] === 'dumb'
  const facts = (): { isTTY: boolean; columns: number | undefined } => ({
    isTTY: stdout.isTTY,
    columns: stdout.isTTY ? stdout.columns : undefined,
  })
  return {
    get style() {
      return styleFor(facts(), env)
    },
    // What has no height cannot be drawn over.
    isLive: stdout.isTTY && !isDumb && stdout.rows > 0,
    canAsk: stdin.isTTY && stderr.isTTY,
    out: (text) => void stdout.write(`${text}\n`),
    write: (text) => void stdout.write(text),
    err: (text) => void stderr.write(`${text}\n`),
    ask: (question, signal) => ask(question, signal),
    draw: () => drawOn(stdout),
  }
}

async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<undefined>((resolve) => {
    lines.once('close', () => resolve(undefined))
  })
  // In raw mode Ctrl-C is a key like any other; the command ends as by the signal.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } finally {
    lines.close()
  }
}

/** What is higher than the terminal loses its lower end: what scrolled away could not be drawn over. */
async function drawOn(stream: NodeJS.WriteStream): Promise<Drawing> {
  const { createLogUpdate } = await import('log-update')
  const log = createLogUpdate(stream)
  let last: readonly string[] = []
  return {
    show: (lines) => {
      last = lines
      log(fitted(lines, stream.rows).join('\n'))
    },
    done: () => {
      log.clear()
      log.done()
      stream.write(`${last.join('\n')}\n`)
    },
  }
}

function fitted(lines: readonly string[], rows: number): readonly string[] {
  return lines.length < rows ? lines : [...lines.slice(0, Math.max(1, rows - 2)), '…']
}
