import type { RouteTable } from '@changeover/engine'
import { z } from 'zod'
import type { OwnHead } from './own-head.ts'
import type { Generation } from './generation.ts'
import type { NginxProcess } from './processes.ts'

const mark = z.object({
  release: z.string(),
  header: z.string().optional(),
  cookie: z.string().optional(),
})
const instance = z.object({ id: z.string(), address: z.string() })
const table = z.object({
  service: z.string(),
  revision: z.int(),
  fence: z.int(),
  pools: z.array(z.object({ release: z.string(), weight: z.int(), instances: z.array(instance) })),
  rules: z.array(mark.extend({ value: z.string().optional() })).optional(),
  affinity: mark.extend({ salt: z.string() }).optional(),
  mirror: z.object({ release: z.string(), weight: z.int() }).optional(),
})
const head = z.object({
  service: z.string(),
  mode: z.string(),
  digest: z.string(),
  table,
  token: z.string().optional(),
})
const process = z.object({ pid: z.int(), startedAt: z.string() })
const generations = z.array(
  z.object({ digest: z.string(), workers: z.array(process), instances: z.array(z.string()) }),
)

const isTable = (value: unknown): value is RouteTable => table.safeParse(value).success
const isHead = (value: unknown): value is OwnHead => head.safeParse(value).success
const isProcess = (value: unknown): value is NginxProcess => process.safeParse(value).success
const areGenerations = (value: unknown): value is readonly Generation[] =>
  generations.safeParse(value).success

/** Reads JSON that somebody may have changed; undefined where it has another shape. */
function reader<T>(fits: (value: unknown) => value is T): (json: string) => T | undefined {
  return (json) => {
    const value = parseJson(json)
    return fits(value) ? value : undefined
  }
}

export const readTable: (json: string) => RouteTable | undefined = reader(isTable)
export const readHead: (json: string) => OwnHead | undefined = reader(isHead)
export const readProcess: (json: string) => NginxProcess | undefined = reader(isProcess)
export const readGenerationList: (json: string) => readonly Generation[] | undefined =
  reader(areGenerations)

/** Any JSON; undefined where it is none. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
