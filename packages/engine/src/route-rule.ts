import type { Pool } from './pool.ts'

/**
 * Sends requests that carry a header or a cookie to one release, whatever the weights say. Exactly one of `header` and
 * `cookie` is given; without `value` its presence is enough.
 */
export interface RouteRule {
  readonly release: string
  readonly header?: string
  readonly cookie?: string
  readonly value?: string
}

/**
 * Keeps a user on one side: who falls into the cohort of `release` at its weight always goes there, everybody else never
 * does (see `inCohort`). The user is told by a cookie or a header; requests without one follow the weights.
 */
export interface Affinity {
  readonly release: string
  /** Makes cohorts of different rollouts independent: the rollout's id. */
  readonly salt: string
  readonly header?: string
  readonly cookie?: string
}

/** Copies of requests go to a release, and its answers to them nowhere. */
export interface Mirror {
  readonly release: string
  /** Basis points of all requests. */
  readonly weight: number
}

/** What of a table beside its pools decides where a request goes. */
export interface RouteExtras {
  /** The first that matches a request decides; before affinity and weights. */
  readonly rules?: readonly RouteRule[]
  readonly affinity?: Affinity
  readonly mirror?: Mirror
}

/** Where requests go: a table without the marks of who wrote it, and when. */
export interface Routing extends RouteExtras {
  readonly pools: readonly Pool[]
}

/** Whether two tables treat users and marked requests alike. */
export function extrasAlike(a: RouteExtras, b: RouteExtras): boolean {
  return extrasKey(a) === extrasKey(b)
}

/** Only the extras of a table, without fields that are not set. */
export function extrasOf({ rules, affinity, mirror }: RouteExtras): RouteExtras {
  return {
    ...(rules?.length ? { rules } : {}),
    ...(affinity ? { affinity } : {}),
    ...(mirror && mirror.weight > 0 ? { mirror } : {}),
  }
}

function extrasKey({ rules = [], affinity, mirror }: RouteExtras): string {
  return JSON.stringify([
    rules.map(({ release, header, cookie, value }) => [release, header, cookie, value]),
    affinity && [affinity.release, affinity.salt, affinity.header, affinity.cookie],
    mirror && mirror.weight > 0 && [mirror.release, mirror.weight],
  ])
}

/** What makes the extras impossible beside these releases, or undefined where nothing does. */
export function extrasProblem(
  { rules = [], affinity, mirror }: RouteExtras,
  served: ReadonlySet<string>,
): string | undefined {
  if (!Array.isArray(rules)) return 'the rules are no list'
  const named = [...rules, ...(affinity ? [affinity] : []), ...(mirror ? [mirror] : [])]
  const lost = named.find(({ release }) => !served.has(release))
  if (lost) return `a rule, an affinity or a mirror names "${lost.release}", which has no instance`
  const vague = [...rules, ...(affinity ? [affinity] : [])].find((one) => !hasOneKey(one))
  if (vague) return 'a rule or an affinity needs exactly one of header and cookie, by a valid name'
  const odd =
    mirror && !(Number.isInteger(mirror.weight) && mirror.weight >= 0 && mirror.weight <= 10_000)
  return odd ? `the mirror has weight ${mirror.weight}` : undefined
}

/** Names as HTTP allows them (RFC 9110, token), bounded; anything else could break out of a router's configuration. */
export const TOKEN: RegExp = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/

function hasOneKey({
  header,
  cookie,
}: {
  readonly header?: string
  readonly cookie?: string
}): boolean {
  const names = [header, cookie].filter((name) => name !== undefined)
  return names.length === 1 && TOKEN.test(names[0] ?? '')
}
