import { resolve } from 'node:path'
import type { Fleet, Metrics, Notifier, Router, Store } from '@changeover/engine'
import { z } from 'zod'
import type { AgentConfig, Choice } from './agent-config.ts'
import { isObject, type Path, readBy, type Report } from './problem.ts'
import { holdsPassword, isVariableName } from './secrets.ts'

/** Where relative paths start, and where problems go. */
export interface Reading {
  readonly folder: string
  readonly report: Report
}

const text = z.string().min(1)
const secret = z.strictObject({
  env: z.string().refine(isVariableName, 'it is no name of a variable'),
})
const options = z.record(z.string(), z.unknown())

/** What one of several kinds of thing is called in a config, and what is known of its options before it is made. */
type Kinds<Kind extends string> = Readonly<
  Record<Kind, z.ZodType<Readonly<Record<string, unknown>>>>
>

interface Choosing<Given, Kind extends string> {
  readonly kinds: Kinds<Kind>
  /** Tells the caller's own object by one of its functions. */
  readonly method: string
  readonly otherwise: Choice<Given, Kind>
  readonly remedy: string
}

function choose<Given, Kind extends string>(
  value: unknown,
  path: Path,
  reading: Reading,
  { kinds, method, otherwise, remedy }: Choosing<Given, Kind>,
): Choice<Given, Kind> | undefined {
  if (value === undefined) return otherwise
  if (isObject(value) && typeof value[method] === 'function')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine checks its ports
    return { kind: 'given', given: value as Given }
  const [[key, given] = ['', undefined], ...rest] = isObject(value) ? Object.entries(value) : []
  if (!isKind(key, kinds) || rest.length > 0) {
    reading.report({ path, problem: 'it is none of those that there are', remedy })
    return undefined
  }
  const { report } = reading
  const read = readBy(kinds[key], given, [...path, key], { report, remedies: { '': remedy } })
  return read && { kind: key, options: absolute(read, reading.folder) }
}

function isKind<Kind extends string>(key: string, kinds: Kinds<Kind>): key is Kind {
  return Object.hasOwn(kinds, key)
}

function absolute(
  given: Readonly<Record<string, unknown>>,
  folder: string,
): Readonly<Record<string, unknown>> {
  const { directory } = given
  return typeof directory === 'string' ? { ...given, directory: resolve(folder, directory) } : given
}

/** Rollouts, repairs among them, come about without anybody asking: for ever is too long. */
const retain = z.int().min(1).default(1000)

const inFolder = z.strictObject({ directory: text.optional() })

export function readRouter(value: unknown, reading: Reading): AgentConfig['router'] | undefined {
  return choose<Router, 'embedded' | 'haproxy' | 'nginx' | 'caddy'>(value, ['router'], reading, {
    kinds: { embedded: inFolder, haproxy: options, nginx: options, caddy: options },
    method: 'apply',
    otherwise: { kind: 'embedded', options: {} },
    remedy: 'Give one of embedded, haproxy, nginx and caddy with its options, or a Router.',
  })
}

export function readStore(value: unknown, reading: Reading): AgentConfig['store'] | undefined {
  return choose<Store, 'file' | 'postgres'>(value, ['store'], reading, {
    kinds: {
      file: inFolder.extend({ retain }),
      postgres: z.strictObject({ connection: secret, schema: text.optional(), retain }),
    },
    method: 'append',
    otherwise: { kind: 'file', options: { retain: retain.parse(undefined) } },
    remedy:
      "Give { file: { directory } }, { postgres: { connection: { env: 'DATABASE_URL' } } }, or a Store. The connection string itself does not belong into the config.",
  })
}

export function readFleet(value: unknown, { folder, report }: Reading): AgentConfig['fleet'] {
  if (isObject(value) && typeof value['launch'] === 'function')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine checks its ports
    return { kind: 'given', given: value as unknown as Fleet }
  const remedies = {
    '': 'Give options of processFleet, such as { ports: { from: 20000, to: 20999 } }, or a Fleet.',
  }
  const read = readBy(options, value ?? {}, ['fleet'], { report, remedies }) ?? {}
  for (const key of ['orphans', 'logger'].filter((one) => one in read))
    report({ path: ['fleet', key], problem: 'the agent says this itself', remedy: 'Leave it out.' })
  return { kind: 'process', options: absolute(read, folder) }
}

export function readMetrics(value: unknown, reading: Reading): AgentConfig['metrics'] | undefined {
  return choose<Metrics, 'router' | 'prometheus'>(value, ['metrics'], reading, {
    kinds: { router: z.strictObject({}), prometheus: prometheusOptions },
    method: 'sample',
    otherwise: { kind: 'router', options: {} },
    remedy: 'Give { router: {} }, { prometheus: { url, indicators } }, or a Metrics.',
  })
}

const plain = z.string().refine((one) => !holdsPassword(one), 'a secret must not be in the config')
const prometheusOptions = z.looseObject({
  url: plain,
  indicators: options,
  headers: z.record(z.string(), z.union([secret, z.string()])).optional(),
})

export function readNotifiers(value: unknown, reading: Reading): AgentConfig['notifiers'] {
  if (value === undefined) return new Map()
  const remedy =
    'Give { webhook: { url, secret: { env } } }, { command: [file, ...arguments] }, or a Notifier.'
  const { report } = reading
  const named = readBy(options, value, ['notifiers'], { report, remedies: { '': remedy } }) ?? {}
  const read = Object.entries(named).map(([name, one]) => {
    if (!/^[\w-]{1,64}$/.test(name)) {
      const remedy = 'Use 1 to 64 letters, digits, "_" and "-".'
      report({ path: ['notifiers', name], problem: 'it is no name of a notifier', remedy })
    }
    return [name, readNotifier(one, ['notifiers', name], { reading, remedy })] as const
  })
  return new Map(read.flatMap(([name, choice]) => (choice ? [[name, choice]] : [])))
}

function readNotifier(
  one: unknown,
  path: Path,
  { reading, remedy }: { readonly reading: Reading; readonly remedy: string },
): Choice<Notifier, 'webhook' | 'command'> | undefined {
  const isCommand = isObject(one) && 'command' in one
  if (isCommand && typeof one['notify'] !== 'function') {
    const { report } = reading
    const given = readBy(command, one, path, { report, remedies: { '': remedy } })
    return given && { kind: 'command', options: given }
  }
  return choose<Notifier, 'webhook' | 'command'>(one ?? null, path, reading, {
    kinds: { webhook, command },
    method: 'notify',
    otherwise: { kind: 'command', options: {} },
    remedy,
  })
}

const command = z.looseObject({ command: z.tuple([text], z.string()) })
const webhook = z.looseObject({
  url: z.union([secret, plain]),
  secret: z.union([secret, z.array(secret).min(1)]),
  headers: z.record(z.string(), z.union([secret, plain])).optional(),
})
