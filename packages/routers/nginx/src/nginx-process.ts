import { execFile } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Settings } from './options.ts'
import type { NginxProcess } from './processes.ts'
import { problemOf } from './problem-of.ts'

const run = promisify(execFile)

const TEST_MS = 30_000

/** Why nginx would refuse its configuration, in its own words; undefined where it says that it would not. */
export async function testConfig(settings: Settings): Promise<string | undefined> {
  const { command, configFile, test } = settings
  if (!test) return undefined
  const args = ['-t', '-q', ...(configFile === undefined ? [] : ['-c', configFile])]
  try {
    await run(command, args, { timeout: TEST_MS })
    return undefined
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    return complaint(said) ?? problemOf(error)
  }
}

/** The version of the program on disk; undefined where it does not say. */
export async function programVersion({ command }: Settings): Promise<string | undefined> {
  try {
    const { stderr } = await run(command, ['-v'], { timeout: TEST_MS })
    return /nginx\/(\d[\d.]*)/.exec(stderr)?.[1]
  } catch {
    return undefined
  }
}

/**
 * With what a master gave up, in its own words; undefined where it did not. It tries several times to bind a port, and only
 * the last line of that is its answer.
 *
 * @param pid whose lines count; without, everybody's
 */
export function complaint(log: string, pid?: number): string | undefined {
  const by = pid === undefined ? '[emerg] ' : `[emerg] ${pid}#`
  const lines = log.split('\n').filter((line) => line.includes(by))
  const words = lines.map((line) => line.replace(/^.*\[emerg\] (?:\d+#\d+: )?/, '').trim())
  const last = words.findLast((line) => !line.startsWith('bind() to'))
  const bind = words.findLast((line) => line.startsWith('bind() to'))
  return last?.startsWith('still could not bind') && bind !== undefined ? `${last}: ${bind}` : last
}

/** Asks the master to reload; says why that was not possible. */
export function askToReload({ pid }: NginxProcess): string | undefined {
  try {
    process.kill(pid, 'SIGHUP')
    return undefined
  } catch (error) {
    return `the master process ${pid} could not be told (${problemOf(error)})`
  }
}

/** Reads what was written to a log since this was called. */
export interface LogTail {
  readonly read: () => Promise<string>
}

const LONGEST_TAIL = 65_536

export async function tailOf(path: string | undefined): Promise<LogTail> {
  const from = path === undefined ? 0 : await sizeOf(path)
  return { read: async () => (path === undefined ? '' : readFrom(path, from)) }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

async function readFrom(path: string, from: number): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(LONGEST_TAIL),
        0,
        LONGEST_TAIL,
        from,
      )
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

/** Whether a version such as `1.27.4` is at least another one. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
