import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepScreenshot, noBrowser, openBrowser, signedIn } from './browser.ts'
import { asking, judging, openShop, type Shop } from './shop.ts'

/** What a screen must show before it is looked at. */
const screens: Readonly<
  Record<string, (page: Page, shop: Shop, rollout: string) => Promise<void>>
> = {
  services: async (page, shop) => {
    await page.goto(shop.url)
    await page.getByText('step 3 of').waitFor()
  },
  service: async (page, shop) => {
    await page.goto(`${shop.url}/services/shop`)
    await page.getByText('Point of no return').waitFor()
    await page.getByText('Promoted').first().waitFor()
  },
  rollout: async (page, shop, rollout) => {
    await page.goto(`${shop.url}/rollouts/${rollout}`)
    await page.getByRole('meter').first().waitFor()
    await page.getByText('hash chain verified').waitFor()
    await page.locator('.plot canvas').nth(2).waitFor()
  },
  // On the screen before.
  confirmation: async (page) => {
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByText('The plan, step by step').waitFor()
  },
  audit: async (page, shop) => {
    await page.goto(`${shop.url}/audit`)
    await page.getByText('sign-in').first().waitFor()
  },
}

describe.skipIf(noBrowser)('The page looks after everybody', () => {
  let browser: Browser
  let shop: Shop
  let rollout: string

  beforeAll(async () => {
    browser = await openBrowser()
    shop = await openShop({ replicas: 6 })
    const first = await shop.deploy('v2', asking)
    await first.approve({ gate: 'go', by: 'carol' })
    await first.finished
    rollout = (await shop.deploy('v3', judging)).id
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  })

  it(
    'in light and dark: axe finds nothing serious on any screen',
    { timeout: 120_000 },
    async () => {
      await using context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
      const blank = await context.newPage()
      await blank.goto(shop.url)
      await blank.getByLabel('Access token').waitFor()
      const problems = { 'sign-in': await problemsOf(blank, 'sign-in') }
      const page = await signedIn(context, shop, 'operator')
      for (const [name, show] of Object.entries(screens)) {
        await show(page, shop, rollout)
        Object.assign(problems, { [name]: await problemsOf(page, name) })
      }
      expect(Object.keys(problems)).toHaveLength(6)
      expect(Object.values(problems).flat()).toEqual([])
    },
  )

  it('on a phone: nothing is wider than the screen', { timeout: 120_000 }, async () => {
    await using context = await browser.newContext({ viewport: { width: 360, height: 740 } })
    const page = await signedIn(context, shop, 'operator')
    for (const [name, show] of Object.entries(screens)) {
      await show(page, shop, rollout)
      await keepScreenshot(page, `${name}-phone`)
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect({ [name]: width }).toEqual({ [name]: 360 })
    }
  })

  it('by keyboard: every screen has landmarks, and the focus is seen wherever it goes', async () => {
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout}`)
    await page.getByRole('meter').first().waitFor()
    for (const landmark of ['banner', 'navigation', 'main'] as const)
      expect(await page.getByRole(landmark).count()).toBe(1)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    for (let presses = 0; presses < 15; presses += 1) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe(
        'solid',
      )
    }
  })
})

/** What axe finds on a screen in both colour schemes; of the second one, what a scheme can change. */
async function problemsOf(page: Page, name: string): Promise<string[]> {
  await page.evaluate(axe.source)
  await page.emulateMedia({ colorScheme: 'light' })
  await keepScreenshot(page, `${name}-light`)
  const light = await seriousProblems(page, { resultTypes: ['violations'] })
  await page.emulateMedia({ colorScheme: 'dark' })
  await keepScreenshot(page, `${name}-dark`)
  const dark = await seriousProblems(page, { runOnly: ['color-contrast'] })
  return [...light, ...dark]
}

/** What axe calls serious or critical, with the elements; where a dialog is open, in there. */
async function seriousProblems(page: Page, options: axe.RunOptions): Promise<string[]> {
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(document.querySelector('dialog') ?? document, ${JSON.stringify(options)})`,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    )
}
