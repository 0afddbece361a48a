import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Interruption } from '../../src/commands/interruption.ts'
import { type AgentHome, makeHome } from '../agent/agent-process.ts'
import { readDocument } from './json-documents.ts'
import {
  type CommandResult,
  runCommand,
  runInside,
  type RunningCommand,
  startCommand,
} from './run-command.ts'

const SHOP = fileURLToPath(new URL('../fixtures/command-shop.mjs', import.meta.url))

let home: AgentHome
let agent: RunningCommand
let env: Record<string, string>

const changeover = (...words: string[]): Promise<CommandResult> => runInside(words, { env })

beforeAll(async () => {
  home = makeHome()
  const command = [process.execPath, SHOP, '{version}', home.folder]
  const rolling = { rolling: { maxSurge: 1, maxUnavailable: 0 } }
  const canary = { canary: { steps: [{ weight: 50 }, { approve: 'go' }, { weight: 100 }] } }
  home.writeConfig({
    services: {
      shop: { command, replicas: 1, port: 0, strategy: rolling },
      till: { command, replicas: 1, port: 0, strategy: canary },
    },
    http: { port: 0 },
  })
  env = { CHANGEOVER_DIRECTORY: join(home.folder, 'a'), SUDO_USER: 'ann', USER: 'ann' }
  agent = startCommand(['agent', '--config', home.config], { env })
  await agent.said('agent started')
})

afterAll(async () => {
  agent?.child.kill('SIGTERM')
  await agent?.result
  await home?.close()
})

describe('The commands, with a real agent,', () => {
  it('deploy and follow to the end, with a line for what happens where there is no terminal', async () => {
    const { code, stdout, stderr } = await runCommand(['deploy', 'shop', '1'], { env })
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Ctrl-C detaches'),
    })
    expect(stdout).toMatch(/step 1: replace all others by 1 instance of "1"/)
    expect(stdout).toMatch(/✔ promoted: 1 serves\n$/)
    expect(stdout).not.toContain('\u001B')
  })

  it('print what a deploy would do, and do nothing', async () => {
    const { code, stdout } = await changeover('plan', 'shop', '2')
    expect(code).toBe(0)
    expect(stdout).toContain('rolling of "shop": "1" (1) -> "2" (2), 1 replica')
    const { plan, text } = readDocument(
      'plan',
      (await changeover('plan', 'shop', '2', '--json')).stdout,
    )
    expect(plan.to.id).toBe('2')
    expect(`${text.trimEnd()}\n`).toBe(stdout)
    const history = readDocument('history', (await changeover('history', 'shop', '--json')).stdout)
    expect(history.rollouts.map(({ to }) => to.id)).toEqual(['1'])
  })

  it('end with 4 where the new release fails, and say why', async () => {
    const { code, stdout } = await changeover('deploy', 'shop', 'bad', '--json')
    expect(code).toBe(4)
    const { rollout } = readDocument('rollout', stdout)
    expect(rollout).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: expect.stringMatching(/^CHANGEOVER_/),
        reason: expect.stringContaining('bad luck'),
      },
    })
    expect((await changeover('status', 'shop', '--exit-code')).code).toBe(8)
  })

  it('end with 3 and the code where the agent refuses', async () => {
    const again = await changeover('deploy', 'shop', '1', '--json')
    expect(again.code).toBe(3)
    expect(readDocument('error', again.stdout).error.code).toBe('CHANGEOVER_RELEASE_CURRENT')
    const unknown = await changeover('deploy', 'shoe', '1')
    expect(unknown).toMatchObject({ code: 3, stdout: '' })
    expect(unknown.stderr).toContain('changeover explain CHANGEOVER_AGENT_SERVICE_UNKNOWN')
    const nothing = await changeover('approve', 'shop')
    expect(nothing).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No rollout of "shop"'),
    })
  })

  it('approve, and the deploy that waited goes on to its end', async () => {
    expect((await changeover('deploy', 'till', '1', '--no-wait')).code).toBe(0)
    await waitsForApproval('till')
    const { rollout } = readDocument(
      'rollout',
      (await changeover('approve', 'till', '--wait', '--json')).stdout,
    )
    expect(rollout).toMatchObject({ outcome: 'promoted' })
    const deploy = startCommand(['deploy', 'till', '2'], { env })
    await deploy.said('a person approves')
    await waitsForApproval('till')
    const status = await changeover('status', 'till')
    expect(status.stdout).toMatch(/Message: +"go" waits for 1 approval: changeover approve till/)
    expect(status.stdout).toMatch(/Weights: +2 50%, 1 50%|Weights: +1 50%, 2 50%/)
    const approved = await changeover('approve', 'till', '--reason', 'looks good')
    expect(approved).toMatchObject({ code: 0, stderr: '' })
    expect((await deploy.result).code).toBe(0)
  })

  it('detach with 6 on Ctrl-C while the rollout goes on, and reject ends it', async () => {
    const deploy = startCommand(['deploy', 'till', '3'], { env })
    await deploy.said('a person approves')
    deploy.child.kill('SIGINT')
    const { code, stderr } = await deploy.result
    expect({ code, stderr }).toMatchObject({ code: 6, stderr: expect.stringContaining('goes on') })
    await waitsForApproval('till')
    expect((await changeover('reject', 'till', '--reason', 'not today')).code).toBe(0)
    const { rollout } = await statusUntil('till', (status) => status === 'rolled-back')
    expect(rollout?.aborted).toEqual({
      by: expect.any(String),
      reason: 'rejected at gate "go": not today',
    })
  })

  it('roll back only with --yes where nobody can be asked, after saying what will happen', async () => {
    const asked = await changeover('rollback', 'till')
    expect(asked).toMatchObject({ code: 2, stdout: '' })
    expect(asked.stderr).toContain('"2" (2) -> "1" (1)')
    expect(asked.stderr).toContain('give --yes')
    const { code, stdout } = await changeover('rollback', 'till', '--to', '1', '--yes', '--json')
    expect(code).toBe(0)
    expect(readDocument('rollout', stdout).rollout).toMatchObject({
      outcome: 'promoted',
      to: { id: '1' },
    })
  })

  it('ask on a terminal before they go back, and draw there what happens', async () => {
    const no = startCommand(['rollback', 'till'], { env, isTerminal: true })
    await no.said('Roll back till? [y/N]')
    no.child.stdin?.write('n\r')
    expect(await no.result).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('Nothing was done.'),
    })
    const yes = startCommand(['rollback', 'till'], { env, isTerminal: true })
    await yes.said('Roll back till? [y/N]')
    yes.child.stdin?.write('y\r')
    const { code, stdout } = await yes.result
    expect(code).toBe(0)
    expect(stdout).toContain('NAME')
    expect(stdout).toContain('\u001B[32m✔ Promoted')
    expect(stdout.endsWith('\u001B[?25h') || stdout.includes('\u001B[?25h')).toBe(true)
  })

  it('go back to what was shown, or not at all, where it was given up before they said yes', async () => {
    await changeover('deploy', 'till', '3b', '--no-wait')
    await waitsForApproval('till')
    const { service } = await statusUntil('till', () => true)
    const asked = startCommand(['rollback', 'till'], { env, isTerminal: true })
    await asked.said('Roll back till? [y/N]')
    await changeover('rollback', 'till', '--yes', '--reason', 'was quicker')
    const { rollout } = await statusUntil('till', (status) => status === 'rolled-back')
    expect(rollout?.aborted?.reason).toBe('was quicker')
    asked.child.stdin?.write('y\r')
    expect(await asked.result).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('CHANGEOVER_ROLLBACK_IMPOSSIBLE'),
    })
    expect((await statusUntil('till', () => true)).service.current).toEqual(service.current)
  })

  it('watch a service on a terminal until Ctrl-C, and go on with its next rollout', async () => {
    const watch = startCommand(['status', 'till', '--watch'], { env, isTerminal: true })
    await watch.said('NAME')
    await changeover('deploy', 'till', '4', '--no-wait')
    await watch.said('waits for 1 approval')
    await changeover('reject', 'till')
    await watch.said('Rolled back')
    watch.child.stdin?.write('\u0003')
    expect((await watch.result).code).toBe(130)
  })

  it('print a document for each event while they watch, in order and without a gap', async () => {
    const stop = new AbortController()
    // The last rollout is told first, then the next one.
    const ends = [deferred(), deferred()]
    const over = ends.map(({ promise }) => promise)
    const hear = (text: string): void => {
      if (text.includes('"event":"end"')) ends.shift()?.resolve()
    }
    const words = ['status', 'till', '--watch', '--json']
    const watch = runInside(words, { env, signal: stop.signal, hear })
    await over[0]
    await changeover('deploy', 'till', '5', '--no-wait')
    await waitsForApproval('till')
    expect((await changeover('reject', 'till')).code).toBe(0)
    const { rollout } = await statusUntil('till', (status) => status === 'rolled-back')
    await over[1]
    stop.abort(new Interruption('SIGTERM'))
    const { code, stdout } = await watch
    expect(code).toBe(143)
    const lines = stdout.trimEnd().split('\n')
    const events = lines
      .map((line) => readDocument('event', line))
      .filter((one) => one.rollout === rollout!.id)
    const seqs = events.flatMap(({ event, data }) => (event === 'entry' ? [data['seq']] : []))
    expect(seqs).toEqual(seqs.map((_, at) => at))
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { outcome: 'rolled-back' } })
  })

  it('go on following where an agent is killed and another one takes over', async () => {
    const deploy = startCommand(['deploy', 'till', '6'], { env })
    await deploy.said('a person approves')
    await waitsForApproval('till')
    agent.child.kill('SIGKILL')
    await deploy.said('The agent does not answer')
    agent = startCommand(['agent', '--config', home.config], { env })
    await deploy.said('The agent is back')
    // It answers before it leads; until then it refuses.
    await vi.waitFor(async () => {
      expect((await changeover('approve', 'till')).code).toBe(0)
    }, 20_000)
    const { code, stdout } = await deploy.result
    expect(code).toBe(0)
    expect(stdout.match(/a person approves/g)).toHaveLength(1)
    expect(stdout).toMatch(/led by [^]*led by [^]*✔ promoted: 6 serves\n$/)
  })

  it('list who asked for what, and show what an instance printed', async () => {
    const { entries, verified } = readDocument(
      'audit',
      (await changeover('audit', '--verify', '--json')).stdout,
    )
    expect(verified).toMatchObject({ ok: true })
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['deploy', 'approve', 'abort', 'rollback']),
    )
    const { instances } = readDocument(
      'status',
      (await changeover('status', 'till', '--json')).stdout,
    )
    const instance = instances.find(({ phase }) => phase === 'available')
    const logs = await changeover('logs', 'till', instance!.id)
    expect(logs).toMatchObject({ code: 0, stdout: `shop ${instance!.release} listens\n` })
    const { lines } = readDocument(
      'logs',
      (await changeover('logs', 'till', instance!.id, '--json')).stdout,
    )
    expect(lines).toEqual([`shop ${instance!.release} listens`])
  })

  it('check every hash of the journals, and end with 8 where one was changed', async () => {
    const whole = await changeover('history', 'till', '--verify', '--json')
    expect(whole.code).toBe(0)
    const { rollouts, verified } = readDocument('history', whole.stdout)
    expect(verified!.map(({ ok }) => ok)).toEqual(rollouts.map(() => true))
    changeJournal(join(home.folder, 'a', 'store'), rollouts.at(-1)!.id)
    const damaged = await changeover('history', 'till', '--verify')
    expect(damaged.code).toBe(8)
    expect(damaged.stdout).toMatch(/✖ /)
  })

  it('say where the page is, and let whoever has a token in by address', async () => {
    const { url } = readDocument('console', (await changeover('console', '--json')).stdout)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+/)
    const made = await changeover('token', 'create', 'vera', '--role', 'viewer', '--json')
    const { token } = readDocument('token', made.stdout)
    const remote = { CHANGEOVER_URL: url!, CHANGEOVER_TOKEN: token! }
    const seen = await runInside(['status', '--json'], { env: remote })
    expect(readDocument('services', seen.stdout).services.map(({ name }) => name)).toEqual([
      'shop',
      'till',
    ])
    const refused = await runInside(['deploy', 'shop', '9', '--json'], { env: remote })
    expect(refused.code).toBe(3)
    expect(readDocument('error', refused.stdout).error.code).toMatch(/^CHANGEOVER_CONSOLE_/)
    expect(
      readDocument('tokens', (await changeover('token', 'list', '--json')).stdout).tokens,
    ).toMatchObject([{ name: 'vera', role: 'viewer', expiresAt: null }])
    expect((await changeover('token', 'revoke', 'vera')).code).toBe(0)
    expect((await runInside(['status'], { env: remote })).code).toBe(3)
  })

  it('reload the config, and say what is wrong with a new one', async () => {
    expect(
      readDocument('agent', (await changeover('reload', '--json')).stdout).agent.services,
    ).toEqual(['shop', 'till'])
    const before = readFileSync(home.config, 'utf8')
    writeFileSync(home.config, '{ "services": { "shop": {} } }')
    const refused = await changeover('reload')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('changeover.config.json:1:')
    writeFileSync(home.config, before)
    expect((await changeover('reload')).code).toBe(0)
  })
})

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** The commands see it as people do: by asking. */
async function waitsForApproval(service: string): Promise<void> {
  await statusUntil(service, (status) => status === 'waiting')
}

async function statusUntil(service: string, isIt: (status: string | undefined) => boolean) {
  for (;;) {
    const seen = readDocument('status', (await changeover('status', service, '--json')).stdout)
    if (isIt(seen.rollout?.status)) return seen
  }
}

/** Another name for who asked, as somebody with an editor would do it. */
function changeJournal(store: string, rollout: string): void {
  const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(store, name),
  )
  const file = files.find((name) => name.includes(rollout) && statSync(name).isFile())
  const text = readFileSync(file!, 'utf8')
  writeFileSync(file!, text.replace(/"by":"[^"]*"/, '"by":"mallory"'))
}
