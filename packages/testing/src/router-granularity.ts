import type { RouterCase } from './router-bench.ts'

/** The case, which passes unchecked where it asks for weights that the router says it cannot represent, and refuses. */
export function withinGranularity([name, check]: RouterCase): RouterCase {
  return [
    name,
    async (bench) => {
      const [result] = await Promise.allSettled([check(bench)])
      if (result.status === 'fulfilled') return
      const { granularity = 1 } = await bench.router.probe()
      const tooFine =
        granularity > 1 && codeOf(result.reason) === 'CHANGEOVER_ROUTER_NOT_REPRESENTABLE'
      if (!tooFine) throw result.reason
      bench.lacks('granularity')
    },
  ]
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
