import { memoryRouter, type RouterCapabilities } from '@changeover/engine'
import { routerConformance, type RouterEvidence, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { withEvidence } from '../src/router-evidence.ts'
import { routerBench } from '../src/router-bench.ts'

type Check = Parameters<typeof withEvidence>[0][1]

describe('the evidence of a case', () => {
  test('is what it measured, what there may be, and who was asked', async () => {
    const [evidence] = await gathered(async ({ note }) => {
      note({ sent: 100, outcomes: { ok: 99 } })
      note({ late: 0 }, { status: 0 })
    })
    expect(evidence).toMatchObject({
      case: 'it works',
      router: 'memory',
      version: '1.2.3',
      outcome: 'passed',
      measured: { sent: 100, outcomes: { ok: 99 }, late: 0 },
      budget: { status: 0 },
      lacking: [],
    })
    expect(evidence?.capabilities).toStrictEqual(await memoryRouter().probe())
    expect(JSON.parse(JSON.stringify(evidence))).toStrictEqual(evidence)
  })

  test('is there for one that failed too, with the reason, and the case fails all the same', async () => {
    const failure = new Error('it does not')
    const [evidence, error] = await gathered(async ({ note }) => {
      note({ sent: 1 })
      throw failure
    })
    expect(error).toBe(failure)
    expect(evidence).toMatchObject({ outcome: 'failed', reason: 'Error: it does not' })
    expect(evidence?.measured).toStrictEqual({ sent: 1 })
  })

  test('says what the subject lacks, and that nothing was checked where nothing was', async () => {
    const [unchecked] = await gathered(async ({ lacks }) => lacks('url'))
    expect(unchecked).toMatchObject({ outcome: 'unchecked', lacking: ['url'] })
    const [partly] = await gathered(async ({ lacks, note }) => {
      lacks('affinity')
      note({ requests: 1 })
    })
    expect(partly).toMatchObject({ outcome: 'passed', lacking: ['affinity'] })
  })

  test('goes without the capabilities of a router that cannot be asked', async () => {
    const router = { ...memoryRouter(), probe: (): Promise<RouterCapabilities> => Promise.reject() }
    const [evidence] = await gathered(async () => undefined, { router })
    expect(evidence).not.toHaveProperty('capabilities')
  })
})

test('the suite gives evidence of each of its cases, once', async () => {
  const names: string[] = []
  const told: RouterEvidence[] = []
  const running: Promise<void>[] = []
  routerConformance({
    test: (name, run) => {
      names.push(name)
      running.push(run())
    },
    create: async () => subject(),
    evidence: (one) => told.push(one),
  })
  await Promise.all(running)
  expect(told.map((one) => `router: ${one.case}`).toSorted()).toStrictEqual(names.toSorted())
  expect(told.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(20)
  const unchecked = told.filter(({ outcome }) => outcome === 'unchecked')
  expect(unchecked.every(({ lacking }) => lacking.length > 0)).toBe(true)
})

function subject(): RouterSubject {
  return { router: memoryRouter(), service: 'shop', version: '1.2.3', close: async () => undefined }
}

/** What one case told about itself, and how it failed if it did. */
async function gathered(
  check: Check,
  changes: Partial<RouterSubject> = {},
): Promise<[evidence: RouterEvidence | undefined, error: unknown]> {
  const told: RouterEvidence[] = []
  const [, run] = withEvidence(['it works', check], (one) => told.push(one))
  const [result] = await Promise.allSettled([run(routerBench({ ...subject(), ...changes }))])
  expect(told).toHaveLength(1)
  return [told[0], result.status === 'rejected' ? result.reason : undefined]
}
