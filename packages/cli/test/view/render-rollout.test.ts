import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderRollout } from '../../src/view/render-rollout.ts'
import { addEvent } from '../../src/view/rollout-picture.ts'
import { widthOf } from '../../src/view/style.ts'
import { instances, NOW, PAPER, picture, rollout, step } from './pictures.ts'

/** Control characters, marks, glyphs of every script. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0x2fff }), { maxLength: 60 })
  .map((codes) => String.fromCodePoint(...codes))

const drawn = (own: Parameters<typeof picture>[0] = {}, style = PAPER): string =>
  renderRollout(picture(own), NOW, style).join('\n')

describe('The picture of a rollout', () => {
  it('shows releases, instances, and how far each step has come', () => {
    expect(drawn()).toMatchInlineSnapshot(`
      "Service:         shop
      Status:          • Progressing for 5m
      Strategy:        canary
      Releases:        2.4.0 (new)
                       2.3.0 (old)
      Weights:         2.4.0 25%, 2.3.0 75%
      Asked for by:    ann
      Replicas:
        Desired:       3
        Current:       4
        Updated:       1
        Ready:         4

      NAME                  KIND      STATUS         AGE  INFO
      ⟳ shop                Service   • Progressing  5m   shop-mwtf0zyo-025be5d7
      ├──# 2.4.0            Release   ✔ 1/1 ready         new, 25%
      │  └──□ shop-2.4.0.1  Instance  ✔ available    4m   127.0.0.1:4000
      ├──# 2.3.0            Release   ✔ 3/3 ready         old, 75%
      │  ├──□ shop-2.3.0.1  Instance  ✔ available    10m  127.0.0.1:4000
      │  ├──□ shop-2.3.0.2  Instance  ✔ available    10m  127.0.0.1:4001
      │  └──□ shop-2.3.0.3  Instance  ✔ available    10m  127.0.0.1:4002
      └──Σ canary           Plan      • step 3 of 6
         ├──1. launch       Step      ✔ done              have 1 instance of "2.4.0" …
         ├──2. shift        Step      ✔ done              route 25% to "2.4.0", 75% t…
         ├──3. bake         Step      • 1m10s left   50s  wait 2m
         ├──4. judge        Gate      ○ next              gate "errors": judge errors
         ├──5. approve      Gate      ○ next              gate "go": 2 people approve
         └──6. replace      Step      ○ next              replace all others by 3 ins…"
    `)
  })

  it('shows the evidence of a judge against its thresholds while it looks', () => {
    const [launch, shift, bake, ...rest] = rollout().steps
    const judging = picture({
      position: 3,
      steps: [
        launch!,
        shift!,
        { ...bake!, state: 'done' },
        { ...rest[0]!, state: 'active', startedAt: NOW - 5_000 },
        ...rest.slice(1),
      ],
      gates: rollout().gates.map((gate) => ({ ...gate, open: gate.gate === 'errors' })),
    })
    const look = {
      rollout: 'shop-mwtf0zyo-025be5d7',
      service: 'shop',
      gate: 'errors',
      at: NOW,
      indicators: [
        {
          indicator: 'errors',
          verdict: 'inconclusive' as const,
          evidence: 1_204,
          candidate: { bad: 3, total: 301 },
          baseline: { bad: 2, total: 903 },
          towards: [
            { verdict: 'fail' as const, value: 3.14, threshold: 100 },
            { verdict: 'pass' as const, value: 0.4, threshold: 20 },
          ],
          reason: 'undecided so far',
        },
      ],
    }
    const traffic = (at: number, total: number): Parameters<typeof addEvent>[1] => ({
      event: 'traffic',
      data: {
        at,
        releases: { '2.4.0': { total, bad: total / 100 }, '2.3.0': { total: total * 3, bad: 0 } },
      },
    })
    const events = [
      traffic(NOW - 1_000, 100),
      traffic(NOW, 200),
      { event: 'look', data: look } as const,
    ]
    const seen = events.reduce(addEvent, judging)
    expect(renderRollout(seen, NOW, PAPER).slice(13).join('\n')).toMatchInlineSnapshot(`
      "
      NAME                 KIND       STATUS         AGE  INFO
      ⟳ shop               Service    • Progressing  5m   shop-mwtf0zyo-025be5d7
      ├──# 2.4.0           Release    ✔ 1/1 ready         new, 25%, 100 req/s, 1.0% b…
      │  └──□ shop….4.0.1  Instance   ✔ available    4m   127.0.0.1:4000
      ├──# 2.3.0           Release    ✔ 3/3 ready         old, 75%, 300 req/s, 0% bad
      │  ├──□ shop….3.0.1  Instance   ✔ available    10m  127.0.0.1:4000
      │  ├──□ shop….3.0.2  Instance   ✔ available    10m  127.0.0.1:4001
      │  └──□ shop….3.0.3  Instance   ✔ available    10m  127.0.0.1:4002
      └──Σ canary          Plan       • step 4 of 6
         ├──1. launch      Step       ✔ done              have 1 instance of "2.4.0" …
         ├──2. shift       Step       ✔ done              route 25% to "2.4.0", 75% t…
         ├──3. bake        Step       ✔ done              wait 2m
         ├──4. judge       Gate       • active       5s   gate "errors": judge errors
         │  └──α errors    Indicator  • undecided         fail 3.1 of 100, pass 0.4 o…
         ├──5. approve     Gate       ○ next              gate "go": 2 people approve
         └──6. replace     Step       ○ next              replace all others by 3 ins…"
    `)
  })

  it('says who approved, who is missing, and how to answer', () => {
    const [errors, go] = rollout().gates
    const text = drawn({
      status: 'waiting',
      position: 4,
      steps: rollout().steps.map((one, at) => ({
        ...one,
        state: at < 4 ? 'done' : at === 4 ? 'active' : 'next',
        endsAt: at === 4 ? NOW + 4 * 3_600_000 : undefined,
      })),
      gates: [
        {
          ...errors!,
          verdict: { verdict: 'pass', evidence: 1_204, reason: 'errors: no worse than before' },
        },
        { ...go!, open: true, approvals: ['bob'] },
      ],
    })
    expect(text).toMatchInlineSnapshot(`
      "Service:         shop
      Status:          ॥ Waiting for 5m
      Message:         "go" waits for 1 approval: changeover approve shop
      Strategy:        canary
      Releases:        2.4.0 (new)
                       2.3.0 (old)
      Weights:         2.4.0 25%, 2.3.0 75%
      Asked for by:    ann
      Replicas:
        Desired:       3
        Current:       4
        Updated:       1
        Ready:         4

      NAME                  KIND      STATUS         AGE  INFO
      ⟳ shop                Service   ॥ Waiting      5m   shop-mwtf0zyo-025be5d7
      ├──# 2.4.0            Release   ✔ 1/1 ready         new, 25%
      │  └──□ shop-2.4.0.1  Instance  ✔ available    4m   127.0.0.1:4000
      ├──# 2.3.0            Release   ✔ 3/3 ready         old, 75%
      │  ├──□ shop-2.3.0.1  Instance  ✔ available    10m  127.0.0.1:4000
      │  ├──□ shop-2.3.0.2  Instance  ✔ available    10m  127.0.0.1:4001
      │  └──□ shop-2.3.0.3  Instance  ✔ available    10m  127.0.0.1:4002
      └──Σ canary           Plan      • step 5 of 6
         ├──1. launch       Step      ✔ done              have 1 instance of "2.4.0" …
         ├──2. shift        Step      ✔ done              route 25% to "2.4.0", 75% t…
         ├──3. bake         Step      ✔ done              wait 2m
         ├──4. judge        Gate      ✔ done              gate "errors": judge errors
         │  └──α verdict    Verdict   ✔ pass              1,204 observations: errors:…
         ├──5. approve      Gate      ॥ 4h left           gate "go": 2 people approve
         │  ├──☑ bob        Approval  ✔ yes
         │  └──☐ 1 ap…oval  Approval  ॥ missing           not of whoever asked for th…
         └──6. replace      Step      ○ next              replace all others by 3 ins…"
    `)
  })

  it('says why it turned back, and shows the way back', () => {
    const text = drawn({
      status: 'rolling-back',
      direction: 'back',
      position: 1,
      failure: { code: 'CHANGEOVER_GATE_FAILED', reason: 'gate "errors": 12 of 301 went wrong' },
      steps: [
        step('shift', 'route 100% to "2.3.0"', { state: 'done' }),
        step('drain', 'let the requests of "2.4.0" end', {
          state: 'active',
          startedAt: NOW - 3_000,
        }),
        step('stop', 'stop "2.4.0"'),
      ],
    })
    expect(text).toMatchInlineSnapshot(`
      "Service:         shop
      Status:          ⚠ Rolling back for 5m
      Message:         CHANGEOVER_GATE_FAILED: gate "errors": 12 of 301 went wrong
      Strategy:        canary
      Releases:        2.4.0 (new)
                       2.3.0 (old)
      Weights:         2.4.0 25%, 2.3.0 75%
      Asked for by:    ann
      Replicas:
        Desired:       3
        Current:       4
        Updated:       1
        Ready:         4

      NAME                 KIND      STATUS          AGE  INFO
      ⟳ shop               Service   ⚠ Rolling back  5m   shop-mwtf0zyo-025be5d7
      ├──# 2.4.0           Release   ✔ 1/1 ready          new, 25%
      │  └──□ shop….4.0.1  Instance  ✔ available     4m   127.0.0.1:4000
      ├──# 2.3.0           Release   ✔ 3/3 ready          old, 75%
      │  ├──□ shop….3.0.1  Instance  ✔ available     10m  127.0.0.1:4000
      │  ├──□ shop….3.0.2  Instance  ✔ available     10m  127.0.0.1:4001
      │  └──□ shop….3.0.3  Instance  ✔ available     10m  127.0.0.1:4002
      └──↩ way back        Plan      • step 2 of 3
         ├──1. shift       Step      ✔ done               route 100% to "2.3.0"
         ├──2. drain       Step      • active        3s   let the requests of "2.4.0"…
         └──3. stop        Step      ○ next               stop "2.4.0""
    `)
  })

  it('says what a gate that holds asks for before it says why', () => {
    const verdict = { verdict: 'inconclusive', evidence: 0, reason: 'no data' } as const
    const gate = { ...rollout().gates[0]!, open: true, verdict }
    const paused = { since: NOW, by: 'gate errors' }
    const text = drawn({ status: 'held', gates: [gate], paused })
    expect(text).toContain('"errors" holds; changeover resume, promote or abort shop: ')
  })

  it('has a form for terminals that know only ASCII', () => {
    const text = drawn({ warnings: ['“2.4.0” → nothing leads back'] }, { ...PAPER, ascii: true })
    expect(text).toMatch(/^[\n -~]*$/)
    expect(text).toContain('|-- 2.4.0')
    expect(text).toContain('`-- canary')
  })

  it('sums up five hundred instances, those on their way first', () => {
    const many = [
      ...instances('2.4.0', 480),
      ...instances('2.4.0', 20, { phase: 'starting' }).map((one) => ({
        ...one,
        id: `new-${one.id}`,
      })),
    ]
    const lines = renderRollout({ ...picture(), instances: many }, NOW, PAPER)
    expect(lines.length).toBeLessThan(40)
    expect(lines.join('\n')).toContain('… 495 more')
    expect(lines.join('\n')).toContain('15 starting, 480 available')
  })

  it('shows of a long plan what is near', () => {
    const steps = Array.from({ length: 60 }, (_, at) =>
      step('bake', 'wait 1m', { state: at < 30 ? 'done' : at === 30 ? 'active' : 'next' }),
    )
    const text = drawn({ steps, position: 30 })
    expect(text).toContain('… 26 before')
    expect(text).toContain('31. bake')
    expect(text).toContain('… 20 more')
  })

  it('uses colours only where told to, and then says the same', () => {
    const plain = drawn()
    const coloured = drawn({}, { ...PAPER, colour: true })
    expect(plain).not.toContain('\u001B')
    expect(stripVTControlCharacters(coloured)).toBe(plain)
    expect(coloured).not.toBe(plain)
  })

  it('is never wider than the terminal, and lets no text of others move the cursor', () => {
    fc.assert(
      fc.property(anyText, fc.string(), fc.integer({ min: 70, max: 200 }), (text, name, width) => {
        const view = rollout({
          warnings: [text],
          service: name,
          failure: { code: 'X', reason: text },
          steps: [step('hook', text, { state: 'active' })],
        })
        const lines = renderRollout({ ...picture(), view }, NOW, { ...PAPER, width })
        expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([])
        const tooWide = lines.filter(
          (line) => widthOf(line) > width && !line.startsWith('Service:'),
        )
        expect(tooWide).toEqual([])
      }),
    )
  })
})
