import { mkdir } from 'node:fs/promises'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { programs } from '../../../../test/debian-packages.ts'
import type { Role } from '../../src/api/index.ts'
import type { Shop } from './shop.ts'

/** Path of the browser; undefined where there is none, and then its tests are skipped. */
const [found] = (await programs({ command: 'chromium', package: 'chromium' })) ?? []

/** `describe.skipIf(noBrowser)` */
export const noBrowser: boolean = found === undefined

export function openBrowser(): Promise<Browser> {
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ args, ...(found === undefined ? {} : { executablePath: found }) })
}

/** A browser of its own in which somebody is signed in, at this path. */
export async function signedIn(
  context: BrowserContext,
  shop: Shop,
  role: Role,
  path = '/',
): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  // As the page does when somebody gives it a token; guarding.test.ts does it there.
  const headers = { origin: new URL(shop.url).origin }
  await page.request.post(`${shop.url}/api/v1/session`, {
    headers,
    data: { token: shop.tokens[role] },
  })
  await page.goto(`${shop.url}${path}`)
  return page
}

const folder = new URL('../../artifacts/', import.meta.url)

/** Keeps what the page looks like, for people to look at. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: new URL(`${name}.png`, folder).pathname, fullPage: true })
}
