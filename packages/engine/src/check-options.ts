import { z } from 'zod'
import { refuse } from './changeover-error.ts'

/** What makes a refusal helpful. */
export interface OptionHelp {
  /** What to do about a mistake, by the first part of the field's path; `''` for all others. */
  readonly remedies?: Readonly<Record<string, string>>
  /** First parts of paths whose values may be secrets, and are not shown. */
  readonly secret?: readonly string[]
}

/**
 * `value` as the schema reads it: the check at the boundary of every public options object, for adapters too.
 *
 * @param name put before the field's name in the refusal; `''` for none
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` naming the first field that is wrong, its value and the remedy
 */
export function checkOptions<T>(
  schema: z.ZodType<T>,
  value: unknown,
  name: string,
  { remedies = {}, secret = [] }: OptionHelp = {},
): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const unknownKeys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...(issue?.path ?? []), ...unknownKeys]
  const first = String(path[0] ?? '')
  const field = [name, ...path].filter((part) => part !== '').join('.') || 'options'
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field,
    value: secret.includes(first) ? '(hidden)' : (valueAt(value, path) ?? 'nothing'),
    problem:
      unknownKeys.length > 0 ? 'there is no such option' : (issue?.message ?? 'not accepted'),
    remedy: remedies[first] ?? remedies[''] ?? `Mend "${field}" and call again.`,
  })
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (isObject(at) ? Reflect.get(at, key) : undefined), value)
}

/** Accepts an object of the caller's that has the named functions; what they do is tested by conformance suites. */
export function portSchema<T>(name: string, methods: readonly string[]): z.ZodType<T> {
  const error = `a ${name} has the functions ${methods.join(', ')}`
  return z.custom<T>((value) => hasMethods(value, methods), { error })
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return (
    isObject(value) && methods.every((method) => typeof Reflect.get(value, method) === 'function')
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
