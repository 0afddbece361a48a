import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import * as engine from '@changeover/engine'
import { createJiti, type Jiti } from 'jiti'
import { agentError } from '../agent/agent-error.ts'
import type { AgentConfig } from './agent-config.ts'
import { checkConfig } from './check-config.ts'
import { defineConfig } from './config.ts'
import { configRefused } from './config-error.ts'
import { isObject, problemOf } from './problem.ts'
import { readPositions, type SourcePositions, syntaxProblem } from './source-positions.ts'

/** Looked for in this order. */
const NAMES = ['changeover.config.ts', 'changeover.config.mjs', 'changeover.config.json']

/**
 * Reads and checks a config; each call reads it anew, with all that it imports.
 *
 * @param wish path of the file, or of the folder that it is in. @default the working directory
 * @throws ChangeoverError `CHANGEOVER_CONFIG_MISSING`, `CHANGEOVER_CONFIG_UNREADABLE`, `CHANGEOVER_CONFIG_INVALID`: all that is
 *   wrong with it, each with file, line, column and field
 */
export async function loadConfig(wish: string = process.cwd()): Promise<AgentConfig> {
  const { file, source } = await findConfig(resolve(wish))
  const isJson = extname(file) === '.json'
  const syntax = syntaxProblem(source, isJson)
  if (syntax) throw unreadable(file, syntax)
  const value = isJson ? parseJson(source, file) : await importConfig({ file, source })
  const checked = checkConfig(value, file)
  const positions = readPositions(source, isJson)
  if (!checked.ok) throw configRefused(file, checked.problems, positions)
  return { ...checked.config, blame: blaming(file, positions) }
}

function blaming(file: string, positions: SourcePositions): AgentConfig['blame'] {
  return (path, make, within = 0) => {
    try {
      return make()
    } catch (error) {
      const isRefusal = error instanceof engine.ChangeoverError && 'field' in error.details
      throw isRefusal ? configRefused(file, [problemOf(error, path, within)], positions) : error
    }
  }
}

interface Source {
  readonly file: string
  readonly source: string
}

async function findConfig(wish: string): Promise<Source> {
  const tried = ['.ts', '.mjs', '.json'].includes(extname(wish))
    ? [wish]
    : NAMES.map((name) => resolve(wish, name))
  const read = await Promise.all(tried.map(readSource))
  const found = read.filter((one) => one !== undefined)
  const [first, second] = found
  if (first === undefined)
    throw agentError('CHANGEOVER_CONFIG_MISSING', { tried: tried.join(', ') })
  if (second === undefined) return first
  throw agentError('CHANGEOVER_CONFIG_AMBIGUOUS', { one: first.file, other: second.file })
}

async function readSource(file: string): Promise<Source | undefined> {
  try {
    return { file, source: await readFile(file, 'utf8') }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw unreadable(file, { line: 1, column: 1, problem: wordsOf(error) }, error)
  }
}

/** What JSON does not allow although JavaScript does, such as a comma at the end. */
function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source) as unknown
  } catch (error) {
    const offset = Number(/at position (\d+)/.exec(wordsOf(error))?.[1] ?? source.length)
    const lines = source.slice(0, offset).split('\n')
    const column = (lines.at(-1)?.length ?? 0) + 1
    throw unreadable(file, { line: lines.length, column, problem: wordsOf(error) }, error)
  }
}

/** What configs import from `changeover`, so that they need nothing installed beside them. */
const virtualModules = { changeover: { ...engine, defineConfig }, '@changeover/engine': engine }

async function importConfig({ file, source }: Source): Promise<unknown> {
  // A new one each time, without caches: what changed on the disk is what counts.
  const jiti = createJiti(file, {
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    virtualModules,
  })
  try {
    return defaultOf(await evaluate(jiti, file, source))
  } catch (error) {
    throw unreadable(file, { ...throwingLine(error, file), problem: wordsOf(error) }, error)
  }
}

/**
 * As a module is required: only so everything that it imports is read anew too. One that awaits something at its top cannot
 * be, and is evaluated as what it is; ES modules that it imports are then those of before.
 */
async function evaluate(jiti: Jiti, file: string, source: string): Promise<unknown> {
  try {
    return jiti(file) as unknown
  } catch (error) {
    if (!wordsOf(error).includes('await is only valid')) throw error
    return jiti.evalModule(source, { id: file, filename: file, async: true, forceTranspile: true })
  }
}

function defaultOf(module: unknown): unknown {
  return isObject(module) && 'default' in module ? module['default'] : module
}

function throwingLine(error: unknown, file: string): { line: number; column: number } {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place = stack.split('\n').find((line) => line.includes(`${file}:`)) ?? ''
  const [, line = '1', column = '1'] = /:(\d+):(\d+)\)?$/.exec(place) ?? []
  return { line: Number(line), column: Number(column) }
}

function unreadable(
  file: string,
  { line, column, problem }: { line: number; column: number; problem: string },
  cause?: unknown,
): Error {
  return agentError('CHANGEOVER_CONFIG_UNREADABLE', { file, line, column, problem }, cause)
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
