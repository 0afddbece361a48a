import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Actor } from '../access/access.ts'
import type { Action } from '../access/roles.ts'
import { consoleError } from '../console-error.ts'
import type { Answer, STREAMING } from './answer.ts'

/** One request, with everything about it checked. */
export interface Call {
  /** @throws ConsoleError `CHANGEOVER_CONSOLE_NOT_FOUND` for a part that the path does not have */
  readonly param: (name: 'service' | 'release' | 'instance' | 'rollout') => string
  /** Checked by the endpoint's schema; `undefined` where it has none. */
  readonly body: unknown
  readonly query: unknown
  /** Undefined at endpoints that are open to everybody. */
  readonly actor: Actor | undefined
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** One line of the API. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Parts that begin with a colon stand for names. */
  readonly path: string
  /** What the actor must be allowed to do; undefined where everybody may. */
  readonly action: Action | undefined
  /** Recorded in the audit log with its outcome, under this name. @default only refusals are */
  readonly recorded?: string
  /** One line for people, and what is answered: for the reference. */
  readonly does: string
  readonly answers: string
  readonly body?: z.ZodType
  readonly query?: z.ZodType
  handle(call: Call): Promise<Answer | typeof STREAMING>
}

interface TypedCall<Body, Query> extends Call {
  readonly body: Body
  readonly query: Query
}

interface TypedEndpoint<Body, Query> extends Omit<Endpoint, 'handle' | 'body' | 'query'> {
  readonly body?: z.ZodType<Body>
  readonly query?: z.ZodType<Query>
  handle(call: TypedCall<Body, Query>): Promise<Answer | typeof STREAMING>
}

/** An endpoint whose function sees what its schemas let through. */
export function endpoint<Body = undefined, Query = undefined>(
  typed: TypedEndpoint<Body, Query>,
): Endpoint {
  // The server checks with the same schemas before it calls.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...typed, handle: (call) => typed.handle(call as TypedCall<Body, Query>) }
}

/** A call's actor, where the endpoint is not open to everybody. */
export function actorOf({ actor }: Pick<Call, 'actor'>): Actor {
  if (actor) return actor
  throw consoleError('CHANGEOVER_CONSOLE_UNAUTHENTICATED')
}
