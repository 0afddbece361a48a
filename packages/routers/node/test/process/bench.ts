import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  nodeRouterProcess,
  type NodeRouterProcess,
  type NodeRouterProcessOptions,
} from '@changeover/router-node'
import { onTestFinished } from 'vitest'

/** A directory of a router process, which is gone with the test, and its process too. */
export function routerDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'router-process-'))
  onTestFinished(() => {
    killAll(directory)
    rmSync(directory, { recursive: true })
  })
  return directory
}

/** An adapter for `shop` of the router process in `directory`, closed with the test. */
export function adapter(
  directory: string,
  options: Partial<NodeRouterProcessOptions> = {},
): NodeRouterProcess {
  const router = nodeRouterProcess({
    directory,
    listeners: { shop: { port: 0 } },
    timeouts: { close: '5s' },
    restart: { backOff: '20ms' },
    ...options,
  })
  onTestFinished(() => router.close())
  return router
}

/** Everything that the watchers of `shop` are told, and a way to wait for some of it. */
export function news(router: NodeRouterProcess) {
  const told: string[] = []
  let wake = (): void => {}
  router.watch('shop', (drift) => {
    told.push(...drift)
    wake()
  })
  return {
    told,
    async until(pattern: RegExp): Promise<void> {
      while (!told.some((one) => pattern.test(one)))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
}

/** The pid of the process that has the directory; undefined where none has it. */
export function holderOf(directory: string): number | undefined {
  try {
    return Number(readlinkSync(join(directory, 'owner.lock')).split(':')[3])
  } catch {
    return undefined
  }
}

/** Whether a process runs, or has ended and waits to be told of. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The process that is just being started in a directory. */
export async function beingStarted(directory: string): Promise<number> {
  for (;;) {
    const found = readdirSync('/proc').find(
      (name) => /^\d+$/.test(name) && isRouterOf(name, directory),
    )
    if (found !== undefined) return Number(found)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Ends the process of a directory, and those that were just being started there when the test ended. */
function killAll(directory: string): void {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const own = found.filter((pid) => isRouterOf(pid, directory)).map(Number)
  for (const pid of own) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It was faster.
    }
  }
}

function isRouterOf(pid: string, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`main.js\0${directory}`)
  } catch {
    return false
  }
}
