import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrowser, openBrowser, signedIn } from './browser.ts'
import { openShop } from './shop.ts'

describe.skipIf(noBrowser)('Somebody who is signed in', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  it('still is after following a link on another site, which gets no cookie along', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'viewer')
    await using other = await elsewhere(`<a href="${shop.url}/services/shop">the deploy</a>`)
    await page.goto(other.url)
    const arrived = page.waitForResponse(`${shop.url}/services/shop`)
    await page.getByRole('link').click()
    const { cookie } = await (await arrived).request().allHeaders()
    expect(cookie).toBeUndefined()
    await page.getByRole('heading', { name: 'History' }).waitFor()
  })

  it('is not shown in a frame of another site', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'viewer')
    await using other = await elsewhere(
      `<iframe src="${shop.url}/"></iframe><iframe src="/mine"></iframe>`,
    )
    await page.goto(other.url)
    // A refused frame is told a moment after the page around it.
    await expect
      .poll(() => page.frames().map((frame) => frame.url()))
      .toEqual([other.url, 'chrome-error://chromewebdata/', `${other.url}mine`])
  })
})

/** A page on another site than ours: to browsers, `localhost` and 127.0.0.1 have nothing in common. */
async function elsewhere(html: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(request.url === '/' ? html : 'mine')
  })
  await once(server.listen(0, 'localhost'), 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
