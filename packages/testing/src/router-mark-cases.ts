import assert from 'node:assert/strict'
import { FULL_WEIGHT } from '@changeover/engine'
import { ODD_COOKIES, ODD_VALUES } from './hostile-text.ts'
import { onTraffic, type RouterCase, type RouterTraffic } from './router-bench.ts'
import { assertHarmless } from './router-input-cases.ts'
import type { RequestHeaders } from './traffic-client.ts'

/** What a pattern, a variable or a list would take the odd values for. */
const OTHERS = ['x', 'xx', 'xyx', 'xxx', 'xy', 'x/x', 'x127.0.0.1x']

/** Rules of a table that no router has too few places for. */
const AT_ONCE = 2

/** Marks whose values mean something to configurations. */
export const markCases: readonly RouterCase[] = onTraffic([
  [
    'a mark with an odd value is found by that value and no other, or is refused with a code',
    async (bench) => {
      if (!(await bench.router.probe()).rules) return bench.lacks('rules')
      const counts = { applied: 0, refused: 0 }
      for (let at = 0; at < ODD_VALUES.length; at += AT_ONCE) {
        const values = ODD_VALUES.slice(at, at + AT_ONCE)
        const cookies = values.filter((value) => ODD_COOKIES.includes(value))
        const rules = [
          ...values.map((value) => ({ release: 'b', header: 'x-preview', value })),
          ...cookies.map((value) => ({ release: 'b', cookie: 'preview', value })),
        ]
        const table = { ...(await bench.table({ a: FULL_WEIGHT, b: 0 })), rules }
        const became = await assertHarmless(bench, table, 'maybe')
        counts[became] += 1
        if (became === 'refused') continue
        const missed = await strays(bench, marks(values, cookies), 'b')
        const caught = await strays(bench, marks(OTHERS, OTHERS), 'a')
        assert.deepEqual({ missed, caught }, { missed: [], caught: [] })
      }
      return bench.note(counts)
    },
  ],
])

function marks(values: readonly string[], cookies: readonly string[]): readonly RequestHeaders[] {
  return [
    ...values.map((value) => ({ 'x-preview': value })),
    ...cookies.map((value) => ({ cookie: `preview=${value}` })),
  ]
}

/** Those of the marks whose requests are not answered by `release`. */
async function strays(
  { client }: RouterTraffic,
  heads: readonly RequestHeaders[],
  release: string,
): Promise<readonly RequestHeaders[]> {
  const answers = await client.askEach(heads)
  return heads.filter((_, i) => answers[i]?.release !== release)
}
