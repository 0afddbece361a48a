import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const program = join(
  dirname(createRequire(import.meta.url).resolve('changeover')),
  '../bin/changeover.js',
)

/** A `changeover agent`, running. */
export interface AgentProcess {
  readonly pid: number
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  readonly errors: () => string
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Where an agent has its files, and what it is told. */
export interface AgentSite {
  readonly directory: string
  readonly config: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Writes the config that an agent of `directory` reads when it is started. */
export function agentSite(
  directory: string,
  config: unknown,
  environment?: AgentSite['environment'],
): AgentSite {
  const file = join(directory, 'changeover.config.json')
  writeFileSync(file, JSON.stringify(config, undefined, 2))
  return { directory: join(directory, 'agent'), config: file, ...(environment && { environment }) }
}

/** Starts the agent; resolves when its socket answers. */
export async function startAgent(site: AgentSite): Promise<AgentProcess> {
  const options = ['agent', '--directory', site.directory, '--config', site.config]
  const child = spawn(process.execPath, [program, ...options], {
    env: { ...process.env, ...site.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }))
  const agent: AgentProcess = {
    pid: child.pid ?? 0,
    ended,
    errors: () => errors,
    async kill(signal = 'SIGKILL') {
      child.kill(signal)
      await ended
    },
  }
  let over = false
  void ended.then(() => (over = true))
  while (!(await answers(site, agent.pid))) {
    if (over) throw new Error(`the agent ended: ${errors}`)
    await sleep(20)
  }
  return agent
}

async function answers(site: AgentSite, pid: number): Promise<boolean> {
  try {
    const { body } = await ask(site, 'GET', '/api/v1/agent')
    return (body as { pid: number; state: string }).pid === pid
  } catch {
    return false
  }
}

/** One request to the agent's own socket. */
export async function ask(
  { directory }: AgentSite,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const sent = request({
    socketPath: join(directory, 'agent.sock'),
    path,
    method,
    agent: false,
    headers: { 'content-type': 'application/json', 'x-changeover-actor': 'tester' },
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = await once(sent, 'response')
  const answer = await text(response)
  return { status: response.statusCode, body: JSON.parse(answer) }
}

/** The same until it answers as asked: an agent that was killed is down for a moment. */
export async function view<View>(site: AgentSite, path: string): Promise<View> {
  for (;;) {
    try {
      const { status, body } = await ask(site, 'GET', path)
      if (status === 200) return body as View
    } catch {
      // It is not up yet.
    }
    await sleep(20)
  }
}
