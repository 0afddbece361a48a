import type { z } from 'zod'

import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'

/** Builds (does not throw) the refusal of options: names each field, its value and the remedy. */
export function invalidOption(caller: string, error: z.ZodError, options: unknown): LifecycleError {
  const lines = error.issues.map((issue) => `  ${describeIssue(issue, options)}`)
  const details = { caller, problems: lines.join('\n') }
  return refuse('CHANGEOVER_LIFECYCLE_OPTION_INVALID', details, { cause: error })
}

function describeIssue(issue: z.core.$ZodIssue, options: unknown): string {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => [...path, key].join('.'))
    return `${keys.join(', ')}: unknown option; remove it or correct its spelling`
  }
  const field = path.length === 0 ? 'options' : path.join('.')
  return `${field}: got ${show(valueAt(options, issue.path))}; ${issue.message}`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  )
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
