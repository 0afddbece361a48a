import { request } from 'node:http'
import { type AgentView, paths } from '@changeover/console/api'
import { refuse } from '@changeover/engine'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { gated, openWorld, type World } from './console-world.ts'

const name = fc.oneof(
  fc.constantFrom('shop', '..', '%2e%2e%2f', '%00', '__proto__', 'constructor'),
  fc.stringMatching(/^[!-~]{0,12}$/),
)
const path = fc.oneof(
  fc.constantFrom(...Object.values(paths).filter((one) => typeof one === 'string')),
  fc
    .tuple(
      fc.constantFrom('services', 'rollouts', 'agent', 'audit'),
      fc.array(name, { maxLength: 5 }),
    )
    .map(([first, rest]) => `/api/v1/${[first, ...rest].join('/')}`),
  fc.array(name, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
)
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
const header = fc.stringMatching(/^[ -~]{0,40}$/)
const headers = fc.record(
  {
    'content-type': fc.oneof(fc.constant('application/json'), header),
    'last-event-id': header,
    'accept-encoding': header,
    origin: header,
    cookie: header,
    'x-changeover-csrf': header,
    'x-changeover-actor': header,
  },
  { requiredKeys: [] },
)
const body = fc.option(
  fc.oneof(fc.json({ maxDepth: 3 }), fc.string(), fc.constant('{"id":"a","version":{"$gt":""}}')),
)
const known = fc.constantFrom('viewer', 'approver', 'nobody')

it('whatever is asked by whoever may not change anything, nothing is changed and nothing breaks', async () => {
  const agent = { describe: () => ({}) as AgentView, reload: unasked, logs: unasked }
  await using world = await openWorld({ agent })
  await world.engine.start({
    service: 'shop',
    release: { id: 'v1', version: '1', spec: null },
    replicas: 1,
    strategy: gated,
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const before = await journals(world)
  await fc.assert(
    fc.asyncProperty(
      method,
      path,
      headers,
      body,
      known,
      fc.string({ maxLength: 20 }),
      async (...asked) => {
        const status = await send(world, asked)
        expect(status).toBeLessThan(500)
      },
    ),
    { numRuns: 400 },
  )
  expect(await journals(world)).toEqual(before)
})

type Sent = [string, string, Record<string, string>, string | null, string, string]

/** The status of the answer; 400 where Node itself refuses the request. */
function send(world: World, [method, path, headers, body, who, query]: Sent): Promise<number> {
  const token = who === 'nobody' ? undefined : world.tokens[who as 'viewer']
  return new Promise((resolve) => {
    const port = Number(new URL(world.url).port)
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: `${path}${query === '' ? '' : `?${encodeURIComponent(query)}=1`}`.replaceAll(
          /[^!-~]/g,
          '_',
        ),
        headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
        agent: false,
      },
      (response) => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      },
    )
    sent.on('error', () => resolve(400))
    sent.end(body ?? undefined)
  })
}

async function journals({ store }: World): Promise<unknown[]> {
  const entries: unknown[] = []
  for (const { id } of await store.rollouts())
    for await (const entry of store.read(id)) entries.push(entry)
  return entries
}

/** Nobody here may reload, and no instance is known. */
function unasked(): Promise<never> {
  return Promise.reject(refuse('CHANGEOVER_COMMAND_REFUSED', { command: 'agent' }))
}
