import { createHash } from 'node:crypto'
import { type Affinity, FULL_WEIGHT, type RouteRule, type RouteTable } from '@changeover/engine'
import { z } from 'zod'
import { encodeName } from './name-code.ts'
import type { Marks } from './options.ts'

/** Where a whole service's traffic ends on the scale on which requests are split. */
export const FULL_SCALE: number = 2 ** 30

/** A pool as the text in force knows it: its instances are in a slot, and only their digest is in the text. */
export interface TextPool {
  readonly release: string
  readonly weight: number
  /** The backend that serves it; 0 for a pool without instances. */
  readonly slot: number
  /** Digest of the instances that were put into the slot. */
  readonly digest: string
}

/** A slot that a writer is filling. */
export interface Claim {
  readonly slot: number
  readonly nonce: string
}

/** What one process variable holds: a whole table, and who wrote it. */
export interface RouteText {
  readonly revision: number
  readonly fence: number
  /** Makes each writing unlike all others, so that one can be exchanged for another only if nobody wrote in between. */
  readonly nonce: string
  readonly pools: readonly TextPool[]
  readonly rules: readonly RouteRule[]
  readonly affinity: Affinity | undefined
  readonly claims: readonly Claim[]
}

/** Before the first table: only claims are noted. */
export const NO_ROUTES: Omit<RouteText, 'nonce'> = Object.freeze({
  revision: 0,
  fence: 0,
  pools: [],
  rules: [],
  affinity: undefined,
  claims: [],
})

/** Whether no table was applied yet. */
export function isNoRoutes({ revision, fence, pools }: RouteText): boolean {
  return revision === 0 && fence === 0 && pools.length === 0
}

/** The text a variable holds, as read. */
export interface ReadText {
  readonly raw: string
  /** Undefined where it is none of ours. */
  readonly text: RouteText | undefined
  /** Whether the requests are split as the text says that they should be. */
  readonly whole: boolean
}

/** Digest of instances, in whatever order. */
export function instancesDigest(
  instances: readonly { readonly id: string; readonly address: string }[],
): string {
  const lines = instances.map(({ id, address }) => `${id}\n${address}`).toSorted()
  return createHash('sha256').update(lines.join('\n\n')).digest('base64url').slice(0, 16)
}

/**
 * The text for HAProxy: `stamp/cuts/rules/affinity/claims/meta`. HAProxy itself splits requests by cuts, rules and
 * affinity; `meta` is for the adapter that reads it back. Only letters, digits and `:/~+-_.*` occur in it.
 */
export function encodeText(text: RouteText, marks: Marks): string {
  const { revision, fence, nonce, claims } = text
  const held = claims.map(({ slot, nonce }) => `${slot}:${nonce}`).join('+')
  const stamp = `${revision}:${fence}:${nonce}`
  return [stamp, ...routing(text, marks), held, encodeMeta(text)].join('/')
}

/** Reads what {@link encodeText} wrote; anything else gives no text. */
export function decodeText(raw: string, marks: Marks): ReadText {
  const text = parseText(raw)
  if (!text) return { raw, text, whole: false }
  return { raw, text, whole: encodeText(text, marks) === raw }
}

/** What stands in the way of encoding a table, or undefined. */
export function unknownMark(
  { rules = [], affinity }: Pick<RouteTable, 'rules' | 'affinity'>,
  marks: Marks,
): string | undefined {
  const places = [...rules, ...(affinity ? [affinity] : [])]
  const unknown = places.find((place) => markOf(place, marks) === undefined)
  if (!unknown) return undefined
  const { header, cookie } = unknown
  return header === undefined ? `cookie "${cookie}"` : `header "${header}"`
}

function routing(
  { pools, rules, affinity }: RouteText,
  marks: Marks,
): readonly [string, string, string] {
  const target = new Map(pools.map(({ release, slot }) => [release, targetOf(slot, release)]))
  const byRule = rules.map(({ release, value, ...place }) => {
    const wanted = value === undefined ? '*' : toBase64(value)
    return [markOf(place, marks), wanted, target.get(release)].join('~')
  })
  const byCohort = affinity ? [`${markOf(affinity, marks)}~${toBase64(affinity.salt)}`] : []
  return [cutsOf(pools, affinity?.release).join('+'), byRule.join('+'), byCohort.join('')]
}

/** The cohort's release comes first, so that its share only grows or shrinks at its end: who is in stays in. */
function cutsOf(pools: readonly TextPool[], first: string | undefined): string[] {
  const weighty = pools.filter(({ weight }) => weight > 0)
  const inOrder = [
    ...weighty.filter(({ release }) => release === first),
    ...weighty.filter(({ release }) => release !== first),
  ]
  let sum = 0
  return inOrder.map(({ release, weight, slot }) => {
    sum += weight
    const edge = Math.round((sum * FULL_SCALE) / FULL_WEIGHT)
    return `${edge}~${targetOf(slot, release)}~${weight}`
  })
}

function targetOf(slot: number, release: string): string {
  return `${slot}:${encodeName(release)}`
}

function markOf(
  { header, cookie }: { readonly header?: string; readonly cookie?: string },
  { headers, cookies }: Marks,
): string | undefined {
  const lower = header?.toLowerCase()
  const i = lower === undefined ? cookies.indexOf(cookie ?? '') : headers.indexOf(lower)
  return i < 0 ? undefined : `${lower === undefined ? 'c' : 'h'}${i}`
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** In one order of the keys, so that a table is always written alike. */
function encodeMeta({ pools, rules, affinity }: RouteText): string {
  const p = pools.map(({ release, weight, slot, digest }) => [release, weight, slot, digest])
  const r = rules.map(({ release, header, cookie, value }) => ({ release, header, cookie, value }))
  const { release, header, cookie, salt } = affinity ?? {}
  const a = affinity && { release, header, cookie, salt }
  return toBase64(JSON.stringify({ p, ...(rules.length > 0 ? { r } : {}), a }))
}

function parseText(raw: string): RouteText | undefined {
  const parts = raw.split('/')
  const [stamp = '', , , , held = '', meta = ''] = parts
  const [, revision, fence, nonce] = /^(\d{1,16}):(\d{1,16}):([A-Za-z0-9]+)$/.exec(stamp) ?? []
  if (parts.length !== 6 || nonce === undefined) return undefined
  try {
    const { p, r: rules = [], a } = META.parse(JSON.parse(fromBase64(meta)))
    const pools = p.map(([release, weight, slot, digest]) => ({ release, weight, slot, digest }))
    const claims = held === '' ? [] : held.split('+').map(parseClaim)
    return {
      revision: Number(revision),
      fence: Number(fence),
      nonce,
      pools,
      rules,
      affinity: a,
      claims,
    }
  } catch {
    return undefined
  }
}

const PLACE = {
  release: z.string(),
  header: z.string().exactOptional(),
  cookie: z.string().exactOptional(),
}

/** What `meta` holds, as {@link encodeMeta} wrote it. */
const META = z.object({
  p: z.array(z.tuple([z.string(), z.number(), z.number(), z.string()])),
  r: z.array(z.object({ ...PLACE, value: z.string().exactOptional() })).optional(),
  a: z.object({ ...PLACE, salt: z.string() }).optional(),
})

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64url').toString()
}

function parseClaim(text: string): Claim {
  const [slot, nonce = ''] = text.split(':')
  return { slot: Number(slot), nonce }
}
