import type {
  DrainReport,
  ObservedRoutes,
  Proof,
  Receipt,
  RouterCapabilities,
  RouteTable,
  TrafficSample,
} from '@changeover/engine'
import { z } from 'zod'
import type { HoldOptions } from '../hold-options.ts'
import type { CopyCounts } from '../mirroring.ts'
import type { TlsIdentity } from '../tls-options.ts'
import type { IdentityMark } from './identities.ts'
import { tableShape } from './router-state.ts'

/** Grows with every change that a process or an adapter of before would not understand. */
export const PROTOCOL = 1

/** Bytes of a call; a table with ten thousand instances has about one million. */
export const LONGEST_CALL = 16_777_216

/** Tells adapters apart, so that none hears of its own changes as somebody else's. */
export const ADAPTER_HEADER = 'x-changeover-adapter'

/** The calls of a router, with the arguments of each. */
export interface CallArguments {
  readonly probe: object
  readonly observe: { readonly service: string }
  readonly apply: { readonly table: RouteTable }
  readonly converge: { readonly receipt: Receipt; readonly deadline: number }
  readonly drain: {
    readonly service: string
    readonly instances: readonly string[]
    readonly deadline: number
  }
  readonly traffic: { readonly service: string }
  readonly copies: { readonly service: string }
  readonly hold: { readonly service: string; readonly options: HoldOptions }
  readonly release: { readonly service: string }
  readonly renewTls: { readonly service: string; readonly identity: TlsIdentity }
}

export type CallName = keyof CallArguments

/** What each is answered with. */
export interface CallResults {
  readonly probe: RouterCapabilities
  readonly observe: ObservedRoutes
  readonly apply: Receipt
  readonly converge: Proof
  readonly drain: DrainReport
  readonly traffic: TrafficSample
  readonly copies: CopyCounts
  readonly hold: null
  readonly release: number
  readonly renewTls: null
}

const text = z.string().max(1_000)
const deadline = z.number().min(0)
const receipt = z.object({
  service: text,
  revision: z.number(),
  outcome: z.enum(['applied', 'rejected', 'indeterminate', 'unreachable']),
  reason: z.string().exactOptional(),
})

/** What a call must look like. */
export const CALLS: { readonly [Name in CallName]: z.ZodType<CallArguments[Name]> } = {
  probe: z.strictObject({}),
  observe: z.strictObject({ service: text }),
  apply: z.strictObject({ table: tableShape }),
  converge: z.strictObject({ receipt, deadline }),
  drain: z.strictObject({ service: text, instances: z.array(text), deadline }),
  traffic: z.strictObject({ service: text }),
  copies: z.strictObject({ service: text }),
  hold: z.strictObject({
    service: text,
    options: z.object({
      limit: z.number().exactOptional(),
      deadline: z.union([z.number(), text]).exactOptional(),
    }),
  }),
  release: z.strictObject({ service: text }),
  renewTls: z.strictObject({
    service: text,
    identity: z.object({
      key: z.string(),
      cert: z.string(),
      passphrase: z.string().exactOptional(),
    }),
  }),
}

/** What a process says of itself, first of all. */
export interface Hello {
  readonly event: 'hello'
  readonly protocol: number
  readonly pid: number
  /** Hash of the options that it serves. */
  readonly options: string
  readonly urls: Readonly<Record<string, string>>
  /** By service: what it proves its name with, where it does. */
  readonly identities: Readonly<Record<string, IdentityMark>>
  /** It was told to stop, and lets its requests end. */
  readonly stopping: boolean
}

/** What a process tells all its adapters for as long as they listen. */
export type Notice =
  /** Another adapter changed the routes of a service. */
  | { readonly event: 'changed'; readonly service: string; readonly drift: string }
  /** It was told to stop, and will not be there again by itself. */
  | { readonly event: 'stopping' }

/** A line of the events. What a later protocol may add to a hello is of no matter: it is the wrong one already. */
export const eventShape: z.ZodType<Hello | Notice> = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('hello'),
    protocol: z.int(),
    pid: z.int(),
    options: z.string(),
    urls: z.record(z.string(), z.string()),
    identities: z.record(z.string(), z.object({ hash: z.string(), since: z.number() })),
    stopping: z.boolean(),
  }),
  z.strictObject({ event: z.literal('changed'), service: z.string(), drift: z.string() }),
  z.strictObject({ event: z.literal('stopping') }),
])

/** A refusal, as it is sent. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** An answer to a call. */
export type Reply<Result = unknown> = { readonly result: Result } | { readonly problem: Problem }

/** What a process is told when it starts. */
export interface RouterOrder {
  readonly directory: string
  /** As text that `decodeOptions` reads. */
  readonly options: string
}

/** What a process that was just started says: no problem where it serves. */
export interface StartReport {
  readonly problem?: Problem
  /** Another process has the directory. */
  readonly held?: boolean
}
