import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrowser, openBrowser, signedIn } from './browser.ts'
import { asking, openShop } from './shop.ts'

describe.skipIf(noBrowser)('Whoever decides in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  it('approves with the keyboard alone', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'approver', `/rollouts/${rollout.id}`)
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    await tabTo(page, 'Approve')
    await page.keyboard.press('Enter')
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
    await page.getByText('1 of 1 approved: the-approver').waitFor()
    await page.getByText('approve at gate "go" by the-approver').waitFor()
  })

  it('rejects with a reason, which the journal keeps', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'approver', `/rollouts/${rollout.id}`)
    await page.getByRole('button', { name: 'Reject' }).click()
    const dialog = page.getByRole('dialog', { name: 'Reject v2?' })
    const confirm = dialog.getByRole('button', { name: 'Reject v2' })
    expect(await confirm.isDisabled()).toBe(true)
    await dialog.getByLabel('Reason').fill('prices are wrong\nsay customers')
    await confirm.click()
    expect(await rollout.finished).toMatchObject({ outcome: 'rolled-back' })
    await page.getByText('prices are wrong say customers').first().waitFor()
    await page.getByText('Rolled back', { exact: true }).waitFor()
    // Nothing on the way asked for what an approver may not.
    expect(shop.audit.filter(({ outcome }) => outcome === 'refused')).toEqual([])
  })

  it('rolls back a release in place by one click and one confirmation, which says what will happen', async () => {
    await using shop = await openShop()
    await (
      await shop.deploy('v2')
    ).finished
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'operator', '/services/shop')
    await page.getByRole('button', { name: 'Roll back to v1' }).click()
    const dialog = page.getByRole('dialog', { name: 'Roll shop back to v1?' })
    const said = await dialog.innerText()
    for (const part of ['goes back to "v1" (v1.0)', '4 instances', '"v2" (v2.0)', 'Lost:'])
      expect(said).toContain(part)
    await dialog.getByText('The plan, step by step').click()
    await dialog.getByText(/of "shop": "v2" \(v2.0\) -> "v1"/).waitFor()
    await dialog.getByRole('button', { name: 'Roll back to v1' }).click()

    await page.getByRole('heading', { name: 'shop: v2 to v1' }).waitFor()
    await page.getByText('Promoted', { exact: true }).waitFor()
    expect((await shop.engine.service('shop')).current?.id).toBe('v1')
    await page.getByText('by the-operator').first().waitFor()
  })

  it('rolls back a rollout under way; Escape says no, and the focus comes back', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout.id}`)
    const button = page.getByRole('button', { name: 'Roll back', exact: true })
    await page.getByText('Gate "go" waits').waitFor()
    await button.click()
    const dialog = page.getByRole('dialog', { name: 'Roll shop back to v1?' })
    await dialog.getByText('"v2" has 25% of it now').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Roll back')

    await button.click()
    await dialog.getByRole('button', { name: 'Roll back to v1' }).click()
    expect(await rollout.finished).toMatchObject({ outcome: 'rolled-back' })
    await page.getByText('Rolled back', { exact: true }).waitFor()
  })

  it('pauses, resumes and promotes past the gate', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout.id}`)
    await page.getByText('Gate "go" waits').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Waiting', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Promote' }).click()
    await page.getByText('The gates go will not be asked').waitFor()
    await page.getByRole('button', { name: 'Promote v2' }).click()
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
  })

  it('finds what a viewer may not do disabled, with the reason', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'viewer', `/rollouts/${rollout.id}`)
    const buttons = page.getByRole('group', { name: 'Actions' }).getByRole('button')
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    const disabled = await buttons.evaluateAll((all) =>
      all.map((one) => (one as unknown as { disabled: boolean }).disabled),
    )
    expect(disabled).toHaveLength(6)
    expect(disabled).not.toContain(false)
    await page
      .getByText(
        'Pause, Promote, Abort, Roll back: only operators may do this; you are signed in as viewer.',
      )
      .waitFor()
  })
})

/** Presses Tab until the button with this text has the focus. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('document.activeElement.textContent')) === text) return
  }
  throw new Error(`Tab never came to ${text}`)
}
