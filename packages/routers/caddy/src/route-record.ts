import { createHash } from 'node:crypto'
import type { Pool, RouteTable } from '@changeover/engine'
import { fieldsOf, type JsonObject, parseJson } from './json.ts'

/** What the adapter keeps in Caddy's own configuration: the table, and who left it and may still have requests. */
export interface RouteRecord {
  readonly table: RouteTable
  readonly left: Pool['instances']
  /** Fields of every proxy, as the adapter that wrote it was told. */
  readonly proxy: JsonObject
}

/**
 * The record as text that Caddy gives back as it is: ASCII, since Go replaces what is no Unicode. Alike for tables that are
 * alike. Pure.
 */
export function writeRecord({ table, left, proxy }: RouteRecord): string {
  const { service, revision, fence, pools, rules = [] } = table
  const kept = {
    service,
    revision,
    fence,
    pools: pools.map(({ release, weight, instances }) => {
      return { release, weight, instances: named(instances) }
    }),
    ...(rules.length > 0 ? { rules } : {}),
  }
  const text = JSON.stringify({ table: kept, left: named(left), proxy })
  return text.replaceAll(/[^ -~]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function named(instances: Pool['instances']): Pool['instances'] {
  return instances.map(({ id, address }) => ({ id, address }))
}

/** The record that {@link writeRecord} wrote; undefined for anything else. Pure. */
export function readRecord(text: unknown): RouteRecord | undefined {
  const value = typeof text === 'string' ? parseJson(text) : undefined
  return isRecord(value) ? value : undefined
}

/** Names one state of a service: what Caddy answers to a probe while it is in force. Pure. */
export function recordMark(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}

// What an adapter wrote is whole; somebody else's is compared with what it would have to be anyway.
function isRecord(value: unknown): value is RouteRecord {
  const { table, left, proxy } = fieldsOf(value)
  const { service, revision, fence, pools } = fieldsOf(table)
  return (
    typeof service === 'string' &&
    Number.isSafeInteger(revision) &&
    Number.isSafeInteger(fence) &&
    areInstances(left) &&
    typeof proxy === 'object' &&
    proxy !== null &&
    Array.isArray(pools) &&
    pools.every(isPool)
  )
}

function isPool(value: unknown): boolean {
  const { release, weight, instances } = fieldsOf(value)
  return typeof release === 'string' && typeof weight === 'number' && areInstances(instances)
}

function areInstances(value: unknown): boolean {
  return Array.isArray(value) && value.every(isInstance)
}

function isInstance(value: unknown): boolean {
  const { id, address } = fieldsOf(value)
  return typeof id === 'string' && typeof address === 'string'
}
