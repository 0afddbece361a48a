import { ChangeoverError } from '@changeover/engine'
import type { z } from 'zod'

/** Where in a config something is: `['services', 'shop', 'replicas']`. */
export type Path = readonly (string | number)[]

/** One mistake in a config. */
export interface Problem {
  readonly path: Path
  readonly problem: string
  readonly remedy: string
}

/** Takes what is wrong, so that all of it is told at once. */
export type Report = (problem: Problem) => void

/** A path as people write it: `services.shop.command.0`. Pure. */
export function fieldName(path: Path): string {
  return path.join('.') || 'the config'
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as the schema reads it; undefined where it has problems, which are reported, each one. */
export function readBy<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  { report, remedies }: { readonly report: Report; readonly remedies: Remedies },
): T | undefined {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) reportIssue(issue, path, { report, remedies })
  return undefined
}

/** What to do, by the last part of the path that is a name; `''` for unknown fields and all others. */
export type Remedies = Readonly<Record<string, string>>

function reportIssue(
  issue: z.core.$ZodIssue,
  base: Path,
  { report, remedies }: { readonly report: Report; readonly remedies: Remedies },
): void {
  const path = [...base, ...issue.path.map(pathPart)]
  const general = remedies[''] ?? 'Mend it.'
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys)
      report({ path: [...path, key], problem: 'there is no such option', remedy: general })
    return
  }
  const name = path.findLast((part) => typeof part === 'string' && part in remedies)
  report({
    path,
    problem: problemText(issue.message),
    remedy: remedies[String(name ?? '')] ?? general,
  })
}

/** As a part of a sentence about the field. */
function problemText(message: string): string {
  if (message.endsWith('received undefined')) return 'it is missing'
  return message.replace(/^Invalid input: /, '')
}

function pathPart(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part)
}

/**
 * What `make` makes; where it refuses its options, undefined, and the refusal is reported where they are.
 *
 * @param path of what `make` was given, whose fields the refusal names behind `within` parts of its own
 */
export function readByMaking<T>(
  make: () => T,
  path: Path,
  { report, within = 1 }: { readonly report: Report; readonly within?: number },
): T | undefined {
  try {
    return make()
  } catch (error) {
    report(problemOf(error, path, within))
    return undefined
  }
}

/** What an error says of the options at the path. */
export function problemOf(error: unknown, path: Path, within: number): Problem {
  if (!(error instanceof ChangeoverError) || typeof error.details['field'] !== 'string')
    return { path, problem: wordsOf(error), remedy: 'Mend it.' }
  const { field, problem, remedy } = error.details
  const parts = field.split('.').slice(within).map(numbered)
  return {
    path: [...path, ...parts],
    problem: typeof problem === 'string' ? problem : 'it is no duration',
    remedy: typeof remedy === 'string' ? remedy : "Give milliseconds or a string such as '30s'.",
  }
}

function numbered(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
