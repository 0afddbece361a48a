import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../../src/commands/command-line.ts'
import { styleFor } from '../../src/commands/terminal.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/changeover.js', import.meta.url))

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly result: Promise<CommandResult>
  /** Resolves when its output has this; rejects where it ends without. */
  said(text: string): Promise<void>
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Behind a pseudo-terminal of its own. */
  readonly isTerminal?: boolean
}

/** Runs `changeover` as people do: a process of its own, with nothing of this one's environment. */
export function startCommand(
  words: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  const { isTerminal = false, cwd } = options
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...options.env }
  const line = [process.execPath, PROGRAM, ...words]
  const [file = '', ...args] = isTerminal
    ? ['script', '-qec', `stty rows 50 cols 100; exec ${line.map(quoted).join(' ')}`, '/dev/null']
    : line
  const child = spawn(file, args, { env: { ...env, TERM: 'xterm' }, cwd, stdio: 'pipe' })
  const output = { stdout: '', stderr: '' }
  const heard = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      heard.forEach((hear) => hear())
    })
  if (!isTerminal) child.stdin.end()
  const result = once(child, 'close').then((ended) => {
    heard.forEach((hear) => hear())
    return { code: ended[0] as number | null, ...output }
  })
  const said = async (text: string): Promise<void> => {
    while (!`${output.stdout}${output.stderr}`.includes(text)) {
      if (child.exitCode !== null)
        throw new Error(`it never said ${text}, but:\n${output.stdout}${output.stderr}`)
      await new Promise<void>((resolve) => heard.add(resolve))
    }
  }
  return { child, result, said }
}

export function runCommand(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(words, options).result
}

/** The same in this process, behind a pipe: as fast as the agent answers. */
export async function runInside(
  words: readonly string[],
  options: Pick<CommandOptions, 'env'> & {
    readonly signal?: AbortSignal
    /** Told each line of standard output at once. */
    readonly hear?: (text: string) => void
  } = {},
): Promise<CommandResult> {
  const env = { LANG: 'C.UTF-8', ...options.env }
  let stdout = ''
  let stderr = ''
  const code = await runCommandLine(words, {
    version: '1.2.3',
    env,
    signal: options.signal ?? new AbortController().signal,
    terminal: {
      style: styleFor({ isTTY: false, columns: undefined }, env),
      isLive: false,
      canAsk: false,
      out: (text) => {
        stdout += `${text}\n`
        options.hear?.(text)
      },
      write: (text) => void (stdout += text),
      err: (text) => void (stderr += `${text}\n`),
      ask: () => Promise.reject(new Error('nobody can be asked')),
      draw: () => Promise.reject(new Error('nothing can be drawn')),
    },
  })
  return { code, stdout, stderr }
}

/** For the shell that `script` starts. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
