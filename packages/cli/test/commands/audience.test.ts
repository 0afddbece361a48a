import { describe, expect, it } from 'vitest'
import { audienceFor } from '../../src/commands/audience.ts'
import type { Shell } from '../../src/commands/shell.ts'
import { NOW, PAPER, picture } from '../view/pictures.ts'

const end = { event: 'end', data: { outcome: 'failed-safe' } } as const
const failed = picture({ outcome: 'failed-safe', finishedAt: NOW, failure: undefined })

describe('Whoever reads lines', () => {
  it('is told the end last, also where it was over before they came', async () => {
    const { lines, shell } = reader()
    const audience = await audienceFor(shell)
    audience.show(failed)
    expect(lines).toEqual([])
    audience.tell(end, failed)
    audience.show(failed)
    audience.show(failed)
    expect(lines).toHaveLength(1)
  })

  it('is not told that a release serves where that is for people to decide', async () => {
    const { lines, shell } = reader()
    const audience = await audienceFor(shell)
    audience.tell(end, failed)
    audience.show(failed)
    expect(lines[0]).toContain('failed-safe: routes stay as they are')
    expect(lines[0]).not.toContain('serves')
  })
})

function reader(): { readonly lines: string[]; readonly shell: Shell } {
  const lines: string[] = []
  const terminal = { style: PAPER, isLive: false, out: (text: string) => void lines.push(text) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it uses no more of a shell
  return { lines, shell: { terminal, isJson: false, now: () => NOW } as unknown as Shell }
}
