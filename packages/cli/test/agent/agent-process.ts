import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import type { RolloutSummaryView, ServiceView } from '@changeover/console/api'
import { callSocket, deployed, type Reply, serviceOf } from './call-socket.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** A folder with a config, in which agents are run. */
export interface AgentHome {
  readonly folder: string
  readonly config: string
  writeConfig(config: object): void
  /** Starts an agent. Resolves when it has started, or has refused to. */
  start(options?: { directory?: string; env?: Record<string, string> }): Promise<AgentProcess>
  /** Pids of everything that was started with this folder in its command: instances, routers, agents. */
  pids(): readonly number[]
  /** Kills everything, and removes the folder. */
  close(): Promise<void>
}

export interface AgentProcess {
  readonly pid: number
  readonly lines: readonly Line[]
  /** What it printed, all of it. */
  text(): string
  /** Waits for a line of its log. */
  line(message: string): Promise<Line>
  kill(signal: NodeJS.Signals): Promise<number | null>
  readonly ended: Promise<number | null>
  call(method: string, path: string, body?: object): Promise<Reply>
  /** Deploys, and waits for the end. */
  deploy(version: string, service?: string): Promise<RolloutSummaryView>
  service(name?: string): Promise<ServiceView>
  url(service?: string): Promise<string>
}

export type Line = Record<string, unknown> & { readonly msg?: string }

/** A service of the config, as the tests use it. */
export function shop(folder: string, own: object = {}): object {
  return {
    // The folder is there so that everything can be found by it.
    command: [process.execPath, join(FIXTURES, 'agent-shop.mjs'), folder],
    env: { VERSION: '{version}' },
    replicas: 2,
    port: 0,
    strategy: { rolling: { maxSurge: 1, maxUnavailable: 0 } },
    ...own,
  }
}

export function makeHome(): AgentHome {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'))
  const config = join(folder, 'changeover.config.json')
  const pids = (): readonly number[] => processesNaming(folder)
  return {
    folder,
    config,
    writeConfig: (value) => writeFileSync(config, JSON.stringify(value, null, 2)),
    start: ({ directory = join(folder, 'a'), env = {} } = {}) =>
      startAgent({ directory, config, env }),
    pids,
    async close() {
      for (let left = pids(); left.length > 0; left = pids()) {
        left.forEach((pid) => kill(pid, 'SIGKILL'))
        await sleep(20)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startAgent(options: {
  directory: string
  config: string
  env: Record<string, string>
}): Promise<AgentProcess> {
  const { directory, config, env } = options
  const child = spawn(process.execPath, [join(FIXTURES, 'agent.mjs'), directory, config], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const lines: Line[] = []
  let text = ''
  const heard = new Set<() => void>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    text += `${line}\n`
    lines.push(parse(line))
    heard.forEach((hear) => hear())
  })
  const line = async (message: string): Promise<Line> => {
    for (;;) {
      const found = lines.find(({ msg }) => msg === message)
      if (found) return found
      await new Promise<void>((resolve) => {
        heard.add(resolve)
      })
    }
  }
  const socket = join(directory, 'agent.sock')
  const call: AgentProcess['call'] = (method, path, body) => callSocket(socket, method, path, body)
  const service = (name = 'shop'): Promise<ServiceView> => serviceOf(socket, name)
  await Promise.race([line('agent started'), ended])
  return {
    pid: child.pid ?? 0,
    lines,
    text: () => text,
    line,
    ended,
    call,
    service,
    kill(signal) {
      child.kill(signal)
      return ended
    },
    async deploy(version, name = 'shop') {
      const { status, body } = await call('POST', `/services/${name}/deploy`, {
        id: crypto.randomUUID(),
        version,
      })
      expect({ status, body }).toMatchObject({ status: 201 })
      const last = await deployed(socket, name)
      expect(last.id).toBe(body['id'])
      return last
    },
    async url(name = 'shop') {
      return vi.waitFor(async () => {
        const { body } = await call('GET', '/agent')
        const url = (body['urls'] as Record<string, string> | undefined)?.[name]
        expect(url).toBeDefined()
        return url ?? ''
      }, 30_000)
    },
  }
}

function parse(text: string): Line {
  try {
    return JSON.parse(text) as Line
  } catch {
    return { unreadable: text }
  }
}

function processesNaming(folder: string): readonly number[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.flatMap((pid) => (commandOf(pid).includes(folder) ? [Number(pid)] : []))
}

function commandOf(pid: string): string {
  try {
    // A process that has ended has no command any more, although its parent has not asked yet.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
