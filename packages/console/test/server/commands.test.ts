import { approve, canary, memoryStore, weight } from '@changeover/engine'
import type { AuditEntry } from '@changeover/console/api'
import { describe, expect, it } from 'vitest'
import {
  type Asked,
  memoryAudit,
  openWorld,
  SECRET,
  withoutSending,
  type World,
  type WorldOptions,
} from './console-world.ts'
import { watchEvents } from './watch-events.ts'

describe('A deploy', () => {
  it('is planned, started, approved and seen through over HTTP', async () => {
    await using world = await openWorld()
    const { ask } = world
    const planned = await post(world, '/services/shop/plan', { version: 'v1' })
    expect(planned.json.text).toContain('gate "go": a person approves')
    const started = await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })
    expect(started).toMatchObject({ status: 201, json: { to: { id: 'v1' }, by: 'the-operator' } })
    const { id } = started.json
    const seen = await atGate(world, id)
    const approved = await post(
      world,
      `/rollouts/${id}/approve`,
      { id: 'a1', gate: 'go', seen },
      'approver',
    )
    expect(approved.json.gates[0].approvals).toEqual(['the-approver'])
    await (
      await world.engine.rollout(id)
    ).finished
    const service = await ask('/api/v1/services/shop', { as: 'viewer' })
    expect(service.json).toMatchObject({
      current: { id: 'v1', version: 'v1.0' },
      pools: [{ release: 'v1', weight: 10_000, instances: 2 }],
    })
    const history = await ask('/api/v1/services/shop/history', { as: 'viewer' })
    expect(history.json).toMatchObject([{ id, outcome: 'promoted', to: { id: 'v1' } }])
  })

  it("is refused with the engine's own code where the release is in place already", async () => {
    await using world = await openWorld()
    await promoted(world, 'v1')
    const again = await post(world, '/services/shop/deploy', { id: 'd2', version: 'v1' })
    expect(again).toMatchObject({
      status: 422,
      json: { error: { code: 'CHANGEOVER_RELEASE_CURRENT' } },
    })
  })

  it('is refused while another one is under way, and takes its place where it is told to', async () => {
    await using world = await openWorld()
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    await atGate(world, id)
    const second = { version: 'v2', id: 'd2' }
    expect(await post(world, '/services/shop/deploy', second)).toMatchObject({
      status: 409,
      json: { error: { code: 'CHANGEOVER_ROLLOUT_RUNNING' } },
    })
    const superseding = await post(world, '/services/shop/deploy', { ...second, supersede: true })
    expect(superseding).toMatchObject({ status: 201, json: { to: { id: 'v2' } } })
  })

  it('answers 501 where nobody makes releases, and hides what goes wrong inside', async () => {
    await using without = await openWorld({ deploys: undefined } as unknown as WorldOptions)
    const deploy = { id: 'd1', version: 'v1' }
    expect(await post(without, '/services/shop/deploy', deploy)).toMatchObject({
      status: 501,
      json: { error: { code: 'CHANGEOVER_CONSOLE_UNAVAILABLE' } },
    })
    await using broken = await openWorld({
      deploys: () => Promise.reject(new Error(`connect with ${SECRET}`)),
    })
    const failed = await post(broken, '/services/shop/deploy', deploy)
    expect(failed.status).toBe(500)
    expect(failed.json.error.code).toBe('CHANGEOVER_CONSOLE_FAILED')
    expect(failed.text).not.toContain(SECRET)
  })
})

describe('A rollback', () => {
  it('is told in words first, and done in one call', async () => {
    await using world = await openWorld()
    await promoted(world, 'v1')
    await promoted(world, 'v2')
    const plan = await post(world, '/services/shop/rollback/plan', {})
    expect(plan.json.text).toContain('"v2" (v2.0) -> "v1" (v1.0)')
    const back = await post(world, '/services/shop/rollback', { id: 'r1', to: 'v1' })
    expect(back).toMatchObject({ status: 201, json: { to: { id: 'v1' }, by: 'the-operator' } })
    expect((await (await world.engine.rollout(back.json.id)).finished).outcome).toBe('promoted')
    const impossible = await post(world, '/services/shop/rollback', { id: 'r2', to: 'v9' })
    expect(impossible).toMatchObject({
      status: 422,
      json: { error: { code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE' } },
    })
  })

  it('of a rollout under way takes that one back', async () => {
    await using world = await openWorld()
    await promoted(world, 'v1')
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd2', version: 'v2' })).json
    await atGate(world, id)
    expect((await post(world, '/services/shop/rollback', { id: 'r1' })).json.id).toBe(id)
    expect((await (await world.engine.rollout(id)).finished).outcome).toBe('rolled-back')
  })
})

describe('A command', () => {
  it('is refused where its id was used before, in the journal or a moment ago', async () => {
    await using world = await openWorld()
    const deploy = { id: 'd1', version: 'v1' }
    const { id } = (await post(world, '/services/shop/deploy', deploy)).json
    const replay = { status: 409, json: { error: { code: 'CHANGEOVER_CONSOLE_REPLAYED' } } }
    expect(await post(world, '/services/shop/deploy', deploy)).toMatchObject(replay)
    await atGate(world, id)
    expect(await post(world, `/rollouts/${id}/pause`, { id: 'p1' })).toMatchObject({ status: 200 })
    expect(await post(world, `/rollouts/${id}/resume`, { id: 'p1' })).toMatchObject(replay)
    await using restarted = await openWorld({ engine: world.engine, store: world.store })
    expect(await post(restarted, `/rollouts/${id}/resume`, { id: 'p1' })).toMatchObject(replay)
    expect((await post(restarted, `/rollouts/${id}/resume`, { id: 'p2' })).status).toBe(200)
  })

  it('is refused though the console was restarted, where the audit log says that it was obeyed', async () => {
    const entries: AuditEntry[] = []
    const audit = memoryAudit(entries)
    const deploy = { id: 'd1', version: 'v1' }
    await using world = await openWorld({ audit })
    expect((await post(world, '/services/shop/deploy', deploy)).status).toBe(201)
    expect((await post(world, '/services/shop/deploy', { id: 'd2', version: 'v2' })).status).toBe(
      409,
    )
    await using restarted = await openWorld({ audit })
    expect((await post(restarted, '/services/shop/deploy', deploy)).status).toBe(409)
    expect((await post(restarted, '/services/shop/deploy', { ...deploy, id: 'd2' })).status).toBe(
      201,
    )
  })

  it('is done once where it is sent twice at the same time', async () => {
    await using world = await openWorld()
    const deploy = { id: 'd1', version: 'v1' }
    const both = await Promise.all([1, 2].map(() => post(world, '/services/shop/deploy', deploy)))
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
    expect(await world.store.rollouts()).toHaveLength(1)
  })

  it('may use its id again where it was refused', async () => {
    await using world = await openWorld()
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    await atGate(world, id)
    const wrong = await post(world, `/rollouts/${id}/resume`, {
      id: 'x',
      seen: { position: 9, direction: 'back' },
    })
    expect(wrong.status).toBe(409)
    expect((await post(world, `/rollouts/${id}/pause`, { id: 'x' })).status).toBe(200)
  })

  it('is stale where the rollout has moved on since it was looked at', async () => {
    await using world = await openWorld({
      strategy: canary({ steps: [approve('one'), approve('two'), weight(100)] }),
    })
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    const seen = await atGate(world, id)
    const early = await post(world, `/rollouts/${id}/approve`, { id: 'a0', gate: 'two', seen })
    expect(early).toMatchObject({
      status: 409,
      json: { error: { code: 'CHANGEOVER_CONSOLE_STALE' } },
    })
    await post(world, `/rollouts/${id}/approve`, { id: 'a1', gate: 'one', seen })
    await atGate(world, id, 'two')
    const stale = await post(world, `/rollouts/${id}/promote`, { id: 'p1', seen })
    expect(stale).toMatchObject({
      status: 409,
      json: { error: { code: 'CHANGEOVER_CONSOLE_STALE' } },
    })
    expect(stale.json.error.message).toContain(
      'it was seen at step 2 of its plan, and is at step 3',
    )
  })

  it('needs to say what was seen where it lets something through', async () => {
    await using world = await openWorld()
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    for (const command of ['approve', 'promote'])
      expect(
        await post(world, `/rollouts/${id}/${command}`, { id: 'a', gate: 'go' }),
      ).toMatchObject({
        status: 400,
        json: { error: { code: 'CHANGEOVER_CONSOLE_BODY_INVALID' } },
      })
  })

  it('to a rollout that has ended is refused with 409', async () => {
    await using world = await openWorld()
    const id = await promoted(world, 'v1')
    expect(await post(world, `/rollouts/${id}/pause`, { id: 'p' })).toMatchObject({
      status: 409,
      json: { error: { code: 'CHANGEOVER_ROLLOUT_FINISHED' } },
    })
  })

  it('to a rollout that another engine leads, out of reach, is refused with 409', async () => {
    const store = withoutSending(memoryStore())
    await using leader = await openWorld({ store })
    await using other = await openWorld({ store })
    const { id } = (await post(leader, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    expect((await other.ask(`/api/v1/rollouts/${id}`, { as: 'viewer' })).json.id).toBe(id)
    expect(await post(other, `/rollouts/${id}/pause`, { id: 'p' })).toMatchObject({
      status: 409,
      json: { error: { code: 'CHANGEOVER_COMMAND_REFUSED' } },
    })
  })

  it('to a gate that the plan does not name is refused by the engine', async () => {
    await using world = await openWorld()
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    const seen = await atGate(world, id)
    expect(
      await post(world, `/rollouts/${id}/approve`, { id: 'a', gate: 'no', seen }),
    ).toMatchObject({
      status: 422,
      json: { error: { code: 'CHANGEOVER_GATE_UNKNOWN' } },
    })
  })
})

describe('Who may what', () => {
  it('lets approvers approve and reject, and nothing else', async () => {
    await using world = await openWorld()
    await promoted(world, 'v1')
    const denied = { status: 403, json: { error: { code: 'CHANGEOVER_CONSOLE_ROLE' } } }
    const deploy = { id: 'd2', version: 'v2' }
    expect(await post(world, '/services/shop/deploy', deploy, 'approver')).toMatchObject(denied)
    const { id } = (await post(world, '/services/shop/deploy', deploy)).json
    const seen = await atGate(world, id)
    expect(
      await post(world, `/rollouts/${id}/promote`, { id: 'p', seen }, 'approver'),
    ).toMatchObject(denied)
    expect(await post(world, `/rollouts/${id}/abort`, { id: 'x' }, 'viewer')).toMatchObject(denied)
    const rejected = await post(
      world,
      `/rollouts/${id}/abort`,
      { id: 'x', reason: 'ugly' },
      'approver',
    )
    expect(rejected.json.aborted).toEqual({ by: 'the-approver', reason: 'ugly' })
    expect((await (await world.engine.rollout(id)).finished).outcome).toBe('rolled-back')
  })

  it('with four eyes keeps whoever asked from letting it through', async () => {
    await using world = await openWorld({
      services: () => [{ name: 'shop', replicas: 2, fourEyes: true }],
    })
    const { id } = (await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).json
    const seen = await atGate(world, id)
    const denied = { status: 403, json: { error: { code: 'CHANGEOVER_CONSOLE_FOUR_EYES' } } }
    expect(
      await post(world, `/rollouts/${id}/approve`, { id: 'a', gate: 'go', seen }),
    ).toMatchObject(denied)
    expect(await post(world, `/rollouts/${id}/promote`, { id: 'p', seen })).toMatchObject(denied)
    expect(
      (await post(world, `/rollouts/${id}/approve`, { id: 'a', gate: 'go', seen }, 'other')).status,
    ).toBe(200)
  })
})

describe('Four eyes, where an approval comes behind all traffic,', () => {
  const kept = canary({ steps: [weight(100), approve('keep')] })
  const services = (): { name: string; replicas: number; fourEyes: boolean }[] => [
    { name: 'shop', replicas: 2, fourEyes: true },
  ]

  it('are not led around by superseding, which would promote it', async () => {
    await using world = await openWorld({ services, strategy: kept })
    const deploy = (body: object): ReturnType<typeof post> =>
      post(world, '/services/shop/deploy', body)
    const { id } = (await deploy({ id: 'd1', version: 'v1' })).json
    const seen = await atGate(world, id)
    const next = { id: 'd2', version: 'v2', supersede: true }
    expect(await deploy(next)).toMatchObject({
      status: 403,
      json: { error: { code: 'CHANGEOVER_CONSOLE_FOUR_EYES' } },
    })
    expect((await world.ask(`/api/v1/rollouts/${id}`, { as: 'viewer' })).json.outcome).toBe(
      undefined,
    )
    const yes = { id: 'a', gate: 'keep', seen }
    await post(world, `/rollouts/${id}/approve`, yes, 'other')
    expect(await deploy(next)).toMatchObject({ status: 201, json: { to: { id: 'v2' } } })
  })

  it('keep nobody from taking back what has no traffic yet for what comes next', async () => {
    await using world = await openWorld({ services })
    const first = { id: 'd1', version: 'v1' }
    const { id } = (await post(world, '/services/shop/deploy', first)).json
    await atGate(world, id)
    const next = { id: 'd2', version: 'v2', supersede: true }
    expect((await post(world, '/services/shop/deploy', next)).status).toBe(201)
  })
})

describe('The audit log', () => {
  it('has every command and every refusal with its actor, and why', async () => {
    await using world = await openWorld()
    const { id } = (
      await post(world, '/services/shop/deploy', {
        id: 'd1',
        version: 'v1',
        reason: 'it is Tuesday',
      })
    ).json
    await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })
    await post(world, `/rollouts/${id}/pause`, { id: 'p', what: 1 })
    await post(world, `/rollouts/${id}/pause`, { id: 'p' }, 'viewer')
    const lines = world.audit.map(({ actor, action, target, outcome, code }) =>
      [actor, action, target === id ? 'it' : target, outcome, code ?? ''].join(' ').trim(),
    )
    expect(lines).toEqual([
      'the-operator deploy shop accepted',
      'the-operator deploy shop refused CHANGEOVER_CONSOLE_REPLAYED',
      'the-operator pause it refused CHANGEOVER_CONSOLE_BODY_INVALID',
      'the-viewer pause it refused CHANGEOVER_CONSOLE_ROLE',
    ])
    expect(world.audit[0]?.reason).toBe('it is Tuesday')
    const read = await world.ask('/api/v1/audit?limit=2&before=3', { as: 'viewer' })
    expect(read.json.map(({ seq }: { seq: number }) => seq)).toEqual([2, 1])
    const verified = await world.ask('/api/v1/audit/verify', { as: 'viewer' })
    expect(verified.json).toEqual({ ok: true, entries: 4 })
  })

  it('has requests of nobody once a minute and address', async () => {
    await using world = await openWorld()
    for (let i = 0; i < 20; i += 1) await world.ask('/api/v1/services')
    expect(world.audit).toMatchObject([
      {
        actor: 'nobody',
        via: 'none',
        from: '127.0.0.1',
        code: 'CHANGEOVER_CONSOLE_UNAUTHENTICATED',
      },
    ])
  })

  it('has sign-ins and sign-outs, with the name of who came in', async () => {
    await using world = await openWorld()
    const origin = { origin: world.url }
    const body = { token: world.tokens.viewer }
    const { headers, json } = await world.ask('/api/v1/session', {
      method: 'POST',
      body,
      headers: origin,
    })
    expect(json).toMatchObject({ name: 'the-viewer', role: 'viewer', via: 'session' })
    const cookie = String(headers.get('set-cookie')).split(';')[0] ?? ''
    const out = { ...origin, cookie, 'x-changeover-csrf': json.csrf }
    expect((await world.ask('/api/v1/session', { method: 'DELETE', headers: out })).status).toBe(
      204,
    )
    await world.ask('/api/v1/session', {
      method: 'POST',
      body: { token: 'guess' },
      headers: origin,
    })
    expect(world.audit.map(({ actor, action, outcome }) => [actor, action, outcome])).toEqual([
      ['the-viewer', 'sign-in', 'accepted'],
      ['the-viewer', 'sign-out', 'accepted'],
      ['nobody', 'sign-in', 'refused'],
    ])
  })

  it('that cannot be written does not undo what was done', async () => {
    const broken = new Error('disk full')
    await using world = await openWorld({
      audit: {
        record: () => Promise.reject(broken),
        read: () => Promise.reject(broken),
        verify: () => Promise.reject(broken),
        close: () => Promise.resolve(),
      },
    })
    expect((await post(world, '/services/shop/deploy', { id: 'd1', version: 'v1' })).status).toBe(
      201,
    )
  })
})

type Position = { position: number; direction: 'forward' | 'back' }

/** Where the rollout stands when its gate opens. */
async function atGate(world: World, id: string, gate = 'go'): Promise<Position> {
  const watching = await watchEvents(`${world.url}/api/v1/rollouts/${id}/events`, {
    token: world.tokens.viewer,
  })
  const isOpen = (view: { gates: { gate: string; open: boolean }[] }): boolean =>
    view.gates.some((one) => one.open && (gate === 'go' || one.gate === gate))
  const { data } = await watching.until(({ event, data }) => event === 'view' && isOpen(data))
  watching.close()
  return { position: data.position, direction: data.direction }
}

/** Deploys a release and sees it through. */
async function promoted(world: World, version: string): Promise<string> {
  const { id } = (await post(world, '/services/shop/deploy', { id: `deploy-${version}`, version }))
    .json
  const seen = await atGate(world, id)
  await post(world, `/rollouts/${id}/approve`, { id: `approve-${version}`, gate: 'go', seen })
  await (
    await world.engine.rollout(id)
  ).finished
  return id
}

function post(
  { ask }: World,
  path: string,
  body: unknown,
  as: NonNullable<Asked['as']> = 'operator',
): ReturnType<World['ask']> {
  return ask(`/api/v1${path}`, { method: 'POST', body, as })
}
