import type { Browser, Page } from 'playwright-core'
import { rolling } from '@changeover/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrowser, openBrowser, signedIn } from './browser.ts'
import { asking, judging, openShop } from './shop.ts'

describe.skipIf(noBrowser)('Whoever watches a rollout in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  it('sees it go to its end without a reload: weights, instances, steps, who approved, and a whole journal', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'viewer', `/rollouts/${rollout.id}`)
    const overview = page.getByRole('region', { name: 'Overview' })
    await overview.getByText('v2 25% on 1 instance').waitFor()
    await page.getByText('Gate "go" waits for approval: 0 of 1 given.').waitFor()

    await rollout.approve({ gate: 'go', by: 'carol' })
    await overview.getByText('v2 100% on 4 instances').waitFor()
    await page.getByText('Promoted', { exact: true }).waitFor()
    await page.getByText('Ended', { exact: true }).waitFor()

    const gates = page.getByRole('region', { name: 'Gates' })
    expect(await gates.innerText()).toContain('1 of 1 approved: carol')
    const instances = page.getByRole('region', { name: 'Instances' })
    expect(await instances.innerText()).toMatch(/v2 4 instances[^]*4 available[^]*v1 0 instances/)
    const { all, shown } = await journalOf(page, shop.store, rollout.id)
    expect(shown).toBe(all)
    await page.getByText(`hash chain verified, ${all} entries`).waitFor()
  })

  it("sees the judge's evidence come to its thresholds, and traffic in plots and in words", async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', judging)
    const page = await signedIn(context, shop, 'viewer', `/rollouts/${rollout.id}`)
    const towards = page.getByRole('meter', { name: 'Evidence to pass' }).first()
    await towards.waitFor()
    const before = await towards.getAttribute('aria-valuetext')
    await expect.poll(() => towards.getAttribute('aria-valuetext')).not.toBe(before)
    const table = page.getByRole('table', { name: 'Traffic since this page was opened' })
    await table.waitFor()
    expect(await table.innerText()).toMatch(/v2\s+\S+\/s/)
    const plots = page.locator('.plot canvas')
    await expect.poll(() => plots.count()).toBe(3)
  })

  it('is told when the connection is lost, and has missed nothing when it is back', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout.id}`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('Gate "go" waits').waitFor()

    const restore = shop.cutOff()
    await page.getByText('Reconnecting…').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('alert').getByText('UNREACHABLE').waitFor()
    await rollout.approve({ gate: 'go', by: 'carol' })
    await rollout.finished
    restore()

    await page.getByText('Promoted', { exact: true }).waitFor()
    await page.getByText('Ended', { exact: true }).waitFor()
    const { all, shown } = await journalOf(page, shop.store, rollout.id)
    expect(shown).toBe(all)
  })

  it('can use the page while 500 instances are exchanged, and gets every entry', async () => {
    await using shop = await openShop({ replicas: 500 })
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'viewer')
    await page.evaluate(watchLongTasks)
    const rollout = await shop.deploy('v2', rolling({ maxSurge: '20%' }))
    await page.getByRole('link', { name: 'v1 to v2' }).click()
    await page.getByRole('combobox', { name: 'Show' }).selectOption('traffic')
    await rollout.finished
    await page.getByText('Ended', { exact: true }).waitFor()
    await page.getByRole('combobox', { name: 'Show' }).selectOption('')

    const { all, shown } = await journalOf(page, shop.store, rollout.id)
    expect(shown).toBe(all)
    expect(await page.locator('.instances.new .squares span').count()).toBe(500)
    const longest = Number(await page.evaluate('Math.max(0, ...longTasks)'))
    tell(`500 instances, ${all} entries: the page was busy for ${Math.round(longest)} ms at most`)
    expect(longest).toBeLessThan(3_000)
  })

  it('reads what an instance has printed', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'viewer', `/rollouts/${rollout.id}`)
    await page.getByText('List of the instances of v2').click()
    await page.getByRole('button', { name: `Logs of ${rollout.id}.1` }).click()
    const dialog = page.getByRole('dialog', { name: `Logs of ${rollout.id}.1` })
    const printed = dialog.locator('pre')
    await printed.waitFor()
    expect(await printed.innerText()).toBe(`the last 500 lines of ${rollout.id}.1`)
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'detached' })
  })

  it('has live data at the first paint', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'viewer')
    await context.route('**/api/**', (route) => route.abort())
    await page.reload()
    // With every other answer refused, what is shown came with the page.
    await page.getByText('v1 100% on 4 instances').waitFor()
    const [paint] = await page.evaluate<number[]>(
      `performance.getEntriesByName('first-contentful-paint').map(({ startTime }) => startTime)`,
    )
    tell(`first contentful paint with live data after ${Math.round(paint!)} ms`)
    expect(paint).toBeLessThan(2_000)
  })
})

const watchLongTasks = `
  globalThis.longTasks = []
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ entryTypes: ['longtask'] })
`

/** Entries of the journal, and how many the page says that it has. */
async function journalOf(
  page: Page,
  store: { read(id: string): AsyncIterable<unknown> },
  id: string,
): Promise<{ all: number; shown: number }> {
  let all = 0
  for await (const _ of store.read(id)) all += 1
  const text = await page.getByRole('region', { name: 'Journal' }).innerText()
  return { all, shown: Number(/([\d,]+) entries$/m.exec(text)?.[1]?.replace(',', '')) }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}
