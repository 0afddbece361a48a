import type { RouterBench } from './router-bench.ts'

/** What a subject may leave out. */
export type RouterHook =
  | 'attach'
  | 'foreign'
  | 'halt'
  | 'ignoreChanges'
  | 'memory'
  | 'refuseChanges'
  | 'restart'
  | 'stalled'
  | 'tamper'

/** A bench whose subject has these. */
export type Hooked<Bench extends RouterBench, Hook extends RouterHook> = Bench &
  Required<Pick<RouterBench, Hook>>

/** The check where the subject has what it needs; elsewhere the bench is told what is lacking. */
export function needing<Hook extends RouterHook, Bench extends RouterBench = RouterBench>(
  hooks: readonly Hook[],
  check: (bench: Hooked<Bench, Hook>) => Promise<void>,
): (bench: Bench) => Promise<void> {
  return async (bench) => {
    if (hasAll(bench, hooks)) return check(bench)
    for (const hook of hooks) if (bench[hook] === undefined) bench.lacks(hook)
    return undefined
  }
}

function hasAll<Bench extends RouterBench, Hook extends RouterHook>(
  bench: Bench,
  hooks: readonly Hook[],
): bench is Hooked<Bench, Hook> {
  return hooks.every((hook) => bench[hook] !== undefined)
}
