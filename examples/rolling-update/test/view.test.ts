import { foldJournal } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { colours, noColours, render, type Scene } from '../src/view.ts'
import { journal, planToV2, report, updateScene } from './scenes.ts'

const empty: Scene = {
  url: 'http://127.0.0.1:8080',
  elapsedMs: 0,
  rollout: undefined,
  pools: [],
  traffic: {},
  load: undefined,
  past: [],
}

describe('The picture', () => {
  it('begins with the address alone', () => {
    expect(render(empty, noColours)).toEqual([
      '',
      'Changeover: a rolling update under load                    0.0 s',
      'try: curl http://127.0.0.1:8080',
    ])
  })

  it('shows the middle of an update: releases, instances in every state, and the load', () => {
    expect(render(updateScene(), noColours)).toEqual([
      '',
      'Changeover: a rolling update under load                   12.3 s',
      'try: curl http://127.0.0.1:8080',
      '',
      'v1 → v2   step 1 of 1: replace all by 4 × v2 (surge 1, unavailable 1)',
      '',
      '  v1       ████████████░░░░░░░░░░░░  50 %      10,231 requests    0 errors',
      '  v2       ████████████░░░░░░░░░░░░  50 %       1,231 requests    2 errors',
      '',
      '  shop-1.1 v1   serving',
      '  shop-1.2 v1   draining',
      '  shop-1.3 v1   stopping',
      '  shop-2.1 v2   serving',
      '  shop-2.2 v2   ready, waiting',
      '  shop-2.3 v2   starting',
      '  shop-2.4 v2   launching',
      '',
      '  500 requests/s · sent 11,462 · dropped 0 · p99 31 ms',
      '',
      'v1 promoted after 1.5 s',
    ])
  })

  it('turns the arrow round on the way back, and says how it ended', () => {
    const plan = planToV2()
    const why = { code: 'CHANGEOVER_NOT_READY', reason: 'never ready' }
    const rollout = foldJournal(
      journal(
        { type: 'created', plan },
        { type: 'turned-back', ...why, steps: plan.rollback },
        { type: 'finished', outcome: 'rolled-back', ...why },
      ),
    )
    expect(render({ ...empty, rollout }, noColours)).toContain('v1 ← v2   rolled-back')
  })

  it('is red as soon as a request was dropped', () => {
    const load = { report: report({ dropped: 1 }), perSecond: 500 }
    const red = render({ ...empty, load }, (look, text) => (look === 'red' ? `!${text}` : text))
    expect(red.at(-1)).toContain('!500 requests/s · sent 11,462 · dropped 1 ')
  })

  it('has the same words in colour', () => {
    const coloured = render(updateScene(), colours).join('\n')
    // oxlint-disable-next-line no-control-regex
    const plain = coloured.replaceAll(/\u001B\[\d+m/g, '')
    expect(coloured).toContain('\u001B[')
    expect(plain.split('\n')).toEqual(render(updateScene(), noColours))
  })
})
