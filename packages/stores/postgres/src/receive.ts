import { type Command, onAbort, type Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Database } from './database.ts'
import { readFailure } from './failure.ts'
import type { Listener } from './listener.ts'
import { CHANNEL } from './notices.ts'
import { writeRefusal } from './send.ts'
import type { Tables } from './tables.ts'

/** Takes commands for the engines of this store. */
export interface Receiver {
  receive(handle: Handle): Unsubscribe
  /** Leases are granted to this engine through this store: what is for it may be taken. */
  serve(holder: string): void
  /** Looks for commands, because somebody here has begun to lead. */
  look(): void
  /** Resolves when nothing that was taken is left without an answer. */
  close(): Promise<void>
}

type Handle = (rollout: string, command: Command) => Promise<boolean>

export interface Receiving {
  readonly database: Database
  readonly tables: Tables
  readonly schema: string
  readonly listener: Listener
  readonly logger: Logger
  /** Aborts when the store closes. */
  readonly closing: AbortSignal
}

interface TakenRow {
  readonly taken_rollout: string
  readonly taken_id: string
  readonly taken_body: string
}

/** Whoever took a command and has not answered by then is taken for dead. */
const ANSWER_WITHIN_MS = 6_000

const COMMAND = z.object({
  command: z.enum(['approve', 'pause', 'resume', 'promote', 'abort', 'rollback']),
  id: z.string(),
  by: z.string(),
  gate: z.string().optional(),
  reason: z.string().optional(),
})

export function createReceiver(receiving: Receiving): Receiver {
  const { listener, logger } = receiving
  const handles = new Set<Handle>()
  const holders = new Set<string>()
  let closed = false
  let again = false
  let working: Promise<void> | undefined

  /** One round at a time: whatever came during one is found by the next. */
  function look(): void {
    again = true
    if (closed || handles.size === 0 || holders.size === 0) return
    working ??= work().finally(() => {
      working = undefined
      if (again) look()
    })
  }

  async function work(): Promise<void> {
    again = false
    try {
      await takeAll(receiving, [...holders], (rollout, command) => offer(handles, rollout, command))
    } catch (error) {
      // The next notice, or the next connection, makes it look again; the sender waits until its deadline.
      logger.warn(readFailure(error), 'commands could not be looked for')
    }
  }

  return {
    receive(handle) {
      handles.add(handle)
      const unsubscribe = listener.subscribe({
        onNotice: (notice) => notice.kind === 'command' && look(),
        onConnected: look,
      })
      return () => {
        handles.delete(handle)
        unsubscribe()
      }
    },
    serve: (holder) => holders.add(holder),
    look,
    async close() {
      closed = true
      await working
    },
  }
}

async function offer(
  handles: ReadonlySet<Handle>,
  rollout: string,
  command: Command,
): Promise<boolean> {
  for (const handle of handles) if (await handle(rollout, command)) return true
  return false
}

async function takeAll(
  receiving: Receiving,
  holders: readonly string[],
  handle: Handle,
): Promise<void> {
  const { database, tables } = receiving
  const declined: string[] = []
  for (;;) {
    const sql = `select * from ${tables.takeCommand}($1, $2, $3)`
    const values = [holders, ANSWER_WITHIN_MS, declined]
    const [row] = await database.rows<TakenRow>('receive', sql, values)
    if (!row) return
    const answer = await beforeClosing(receiving.closing, answerOf(row, handle))
    await settle(receiving, row, answer)
    if (answer === 'declined') declined.push(row.taken_rollout)
  }
}

/** What is not answered when the store closes is for the next engine: an id that is in the journal does not count twice. */
async function beforeClosing(closing: AbortSignal, answer: Promise<Answer>): Promise<Answer> {
  if (closing.aborted) return 'declined'
  const answered = new AbortController()
  const closed = new Promise<Answer>((resolve) => {
    const forget = onAbort(closing, () => resolve('declined'))
    onAbort(answered.signal, forget)
  })
  return Promise.race([answer, closed]).finally(() => answered.abort())
}

type Answer = 'declined' | 'done' | { readonly problem: string }

async function answerOf(
  { taken_rollout: rollout, taken_body }: TakenRow,
  handle: Handle,
): Promise<Answer> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- exactly what the schema lets through
  const command = COMMAND.parse(JSON.parse(taken_body)) as Command
  try {
    return (await handle(rollout, command)) ? 'done' : 'declined'
  } catch (error) {
    return { problem: writeRefusal(error, command, rollout) }
  }
}

async function settle(
  { database, tables, schema }: Receiving,
  { taken_rollout: rollout, taken_id: id }: TakenRow,
  answer: Answer,
): Promise<void> {
  const problem = typeof answer === 'object' ? answer.problem : null
  const state = problem === null ? (answer === 'done' ? 'done' : 'open') : 'refused'
  await database.rows(
    'receive',
    `with settled as (update ${tables.commands} set state = $3, problem = $4, taken_until = null
       where rollout = $1 and id = $2 and state = 'taken' returning 1)
     select pg_notify('${CHANNEL}', json_build_array('${schema}', 'answer', $1::text, $2::text)::text) from settled`,
    [rollout, id, state, problem],
  )
}
