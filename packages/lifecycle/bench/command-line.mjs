import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** Who is compared where nothing else is said. */
export const everybody = [
  'raw',
  'changeover',
  'http-terminator',
  'lil-http-terminator',
  'terminus',
  'http-graceful-shutdown',
  'stoppable',
  'close-with-grace',
  'http-shutdown',
  'graceful-server',
  'lightship',
  'fastify',
]

/** Reads `[--rounds <n>] [subject ...]`. */
export function readCommandLine(rounds, subjects = everybody) {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: String(rounds) } },
    allowPositionals: true,
  })
  return {
    rounds: Number(values.rounds),
    subjects: positionals.length === 0 ? subjects : positionals,
  }
}

/** Name and version, for the tables. */
export function label(subject) {
  const found = Object.entries(dependencies).find(([name]) => name.split('/').at(-1) === subject)
  return found ? `${subject} ${found[1]}` : subject
}
