import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, stat } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrowser, openBrowser, signedIn } from './browser.ts'
import { asking, openShop } from './shop.ts'

describe('The scripts of the page', () => {
  it('are less than 60 kB compressed, all together', async () => {
    const folder = new URL('../../dist/page/assets/', import.meta.url)
    const names = (await readdir(folder)).filter((name) => name.endsWith('.js.gz'))
    expect(names.length).toBeGreaterThan(0)
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(new URL(name, folder))).size),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000)
  })
})

describe.skipIf(noBrowser)('The page', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  it('shows nothing to somebody without a token, and refuses a wrong one', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await context.newPage()
    await page.goto(`${shop.url}/rollouts/${rollout.id}`)
    await page.getByLabel('Access token').fill('co_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('CHANGEOVER_CONSOLE_').waitFor()
    expect(await page.content()).not.toMatch(/v1|v2|"services"/)
    const answer = await page.request.get(`${shop.url}/api/v1/rollouts/${rollout.id}`)
    expect(answer.status()).toBe(401)
  })

  it('asks for a token again when the session is over, and goes on where one was', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'operator', '/services/shop')
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await context.clearCookies()
    shop.cutOff()()
    await page.getByText('Your session is over.').waitFor()
    await page.getByLabel('Access token').fill(shop.tokens.viewer)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Access token').waitFor()
    const answer = await page.request.get(`${shop.url}/api/v1/services`)
    expect(answer.status()).toBe(401)
  })

  it('obeys nobody else: a page of another origin changes nothing, with the cookie and all', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout.id}`)
    await page.getByText('Gate "go" waits').waitFor()
    const before = shop.audit.length
    await using other = await foreignPage(`${shop.url}/api/v1/rollouts/${rollout.id}/abort`)

    const foreign = await context.newPage()
    await foreign.goto(other.url)
    // Once by script, once by a form, which needs nobody's leave to be sent.
    await foreign.getByText('script refused').waitFor()
    await foreign.getByRole('button').click()
    await foreign.getByText('CHANGEOVER_CONSOLE_').waitFor()

    const refused = shop.audit.slice(before).filter(({ action }) => action === 'abort')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.map(({ outcome }) => outcome)).not.toContain('accepted')
    expect(await page.getByText('Waiting', { exact: true }).isVisible()).toBe(true)
    await rollout.approve({ gate: 'go', by: 'carol' })
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
  })

  it('works below the path that the console is mounted at, from any of its addresses', async () => {
    await using shop = await openShop({ basePath: '/deploys' })
    await using context = await browser.newContext()
    const page = await signedIn(context, shop, 'viewer', '/services/shop')
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.getByRole('link', { name: 'v1' }).click()
    await page.getByText('Promoted', { exact: true }).waitFor()
    expect(page.url()).toContain(`${shop.url}/rollouts/shop-`)
    await page.goBack()
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'History' }).waitFor()
  })

  it('asks only the server that it came from, and nothing that its policy forbids', async () => {
    await using shop = await openShop()
    await using context = await browser.newContext()
    const asked = new Set<string>()
    const complaints: string[] = []
    context.on('request', (request) => asked.add(new URL(request.url()).origin))
    context.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    context.on('weberror', (error) => complaints.push(error.error().message))
    const rollout = await shop.deploy('v2', asking)
    const page = await signedIn(context, shop, 'operator', `/rollouts/${rollout.id}`)
    await page.locator('.plot canvas').first().waitFor()
    await page.getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByText('The plan, step by step').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByText('sign-in').first().waitFor()
    // The icon is part of the page.
    asked.delete('null')
    expect([...asked]).toEqual([shop.url])
    expect(complaints).toEqual([])
  })
})

/** A page of somebody else that posts to `target` by itself, and has a form that does. */
async function foreignPage(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const body = JSON.stringify({ id: 'forged', reason: 'forged' })
  const text = `<!doctype html><title>Other</title><p></p>
    <form method="post" action="${target}" enctype="text/plain">
      <input type="hidden" name='{"id":"forged","reason":"' value='forged"}' /><button>Win</button>
    </form>
    <script>
      const send = (headers) => fetch('${target}', { method: 'POST', credentials: 'include', headers, body: ${JSON.stringify(body)} })
      const tries = [send({ 'content-type': 'application/json' }), send({ 'content-type': 'text/plain' })]
      Promise.allSettled(tries).then((all) => {
        const refused = all.every(({ status }) => status === 'rejected')
        document.querySelector('p').textContent = refused ? 'script refused' : 'script let through'
      })
    </script>`
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
