import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LaunchRequest, ReadinessCheck } from '@changeover/engine'
import { onTestFinished } from 'vitest'
import {
  type PortSpan,
  processFleet,
  type ProcessFleet,
  type ProcessFleetOptions,
} from '../src/index.ts'
import { createPortRange } from '../src/port-range.ts'
import { type ProcessIdentity, signalProcess } from '../src/process-identity.ts'
import { processesWith } from '../src/process-search.ts'

export type FixtureName =
  | 'server'
  | 'unready'
  | 'crash'
  | 'stubborn'
  | 'parent'
  | 'owner'
  | 'writer'
  | 'full-disk'

/** A mark that all processes of a test carry in their environment, their own children too; none outlives the test. */
export interface Mark {
  readonly value: string
  /** The processes with this mark that run now. */
  processes(): readonly ProcessIdentity[]
}

export function createMark(): Mark {
  const value = randomUUID()
  const processes = () => processesWith('TEST_MARK', [value])
  onTestFinished(() => processes().forEach((process) => signalProcess(process, 'SIGKILL')))
  return { value, processes }
}

export interface RequestOptions {
  readonly id?: string
  readonly release?: string
  readonly service?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly inherit?: readonly string[]
  readonly readiness?: ReadinessCheck
}

export function requestOf(
  name: FixtureName,
  mark: Mark,
  options: RequestOptions = {},
): LaunchRequest {
  const { id = 'shop-1', release = 'r1', service = 'shop', args = [], env, inherit } = options
  const spec = {
    command: [process.execPath, fixturePath(name), ...args],
    env: { TEST_MARK: mark.value, ...env },
    ...(inherit === undefined ? {} : { inherit }),
  }
  const { readiness } = options
  return {
    id,
    service,
    release: {
      id: release,
      version: '2.4.0',
      spec,
      ...(readiness === undefined ? {} : { readiness }),
    },
    fence: 1,
  }
}

/** A fleet that is closed when the test is over. */
export function testFleet(options: ProcessFleetOptions = {}): ProcessFleet {
  const fleet = processFleet({ stopDeadline: '5s', ...options })
  onTestFinished(() => fleet.close())
  return fleet
}

/** An empty directory that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'process-fleet-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function fixturePath(name: FixtureName): string {
  return fileURLToPath(new URL(`fixtures/${name}.mjs`, import.meta.url))
}

/** Neighbouring ports that nobody listens on now. */
export async function freePorts(count: number): Promise<PortSpan> {
  for (;;) {
    const from = 25_000 + Math.floor(Math.random() * (4000 - count))
    const range = createPortRange({ from, to: from + count - 1 }, '127.0.0.1')
    const free = await Promise.all(Array.from({ length: count }, () => range.take()))
    range.close()
    if (!free.includes(undefined)) return { from, to: from + count - 1 }
  }
}

/** Waits until `look` finds something; far longer than it should take, so that a slow machine fails no test. */
export async function eventually<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const until = performance.now() + 15_000
  for (;;) {
    const found = await look()
    if (found !== false && found !== undefined) return found
    if (performance.now() > until) throw new Error(`waited in vain: ${what}`)
    await sleep(20)
  }
}

/** Waits until an instance has printed `text`. */
export async function printed(fleet: ProcessFleet, id: string, text: string): Promise<void> {
  const instance = { id, service: '', release: '', address: '' }
  await eventually(`"${text}" from ${id}`, async () =>
    (await fleet.probe(instance)).output?.includes(text),
  )
}
