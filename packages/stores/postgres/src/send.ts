import {
  ChangeoverError,
  type Clock,
  type Command,
  refuse,
  type WaitOptions,
} from '@changeover/engine'
import { z } from 'zod'
import { CHANNEL } from './notices.ts'
import type { Database } from './database.ts'
import { postgresError } from './error-codes.ts'
import type { Listener } from './listener.ts'
import type { Tables } from './tables.ts'

/** What sending takes. */
export interface Sending {
  readonly database: Database
  readonly tables: Tables
  readonly schema: string
  readonly listener: Listener
  readonly clock: Clock
  /** Aborts when the store closes. */
  readonly closing: AbortSignal
}

interface CommandRow {
  readonly state: 'open' | 'taken' | 'done' | 'refused' | 'withdrawn'
  readonly problem: string | null
  /** Until nobody may take it any more, or has to have answered; by the clock of the database. */
  readonly left_ms: number
}

/** Commands are kept for so long after their deadline, so that none is sent twice. */
const KEPT = "interval '1 day'"

/** Puts a command down for the engine that leads, and waits for its answer. See `Store.send`. */
export async function send(
  sending: Sending,
  { rollout, command }: { readonly rollout: string; readonly command: Command },
  { deadline, signal: given }: WaitOptions,
): Promise<void> {
  const { database, tables, schema, listener, closing } = sending
  const signal = given ? AbortSignal.any([given, closing]) : closing
  const bell = createBell()
  const unsubscribe = listener.subscribe({
    onNotice(notice) {
      if (notice.kind === 'answer' && notice.rollout === rollout && notice.id === command.id)
        bell.ring()
    },
    onConnected: bell.ring,
  })
  signal.addEventListener('abort', bell.ring)
  try {
    signal.throwIfAborted()
    await database.rows(
      'send',
      `with old as (delete from ${tables.commands} where expires_at < clock_timestamp() - ${KEPT}),
       added as (insert into ${tables.commands} (rollout, id, body, state, expires_at)
         values ($1, $2, $3, 'open', clock_timestamp() + $4::double precision * interval '1 millisecond')
         on conflict do nothing returning 1)
       select pg_notify('${CHANNEL}', json_build_array('${schema}', 'command')::text) from added`,
      [rollout, command.id, JSON.stringify(command), deadline],
    )
    await answerOf(sending, { rollout, command, bell, signal })
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', bell.ring)
  }
}

interface Waiting {
  readonly rollout: string
  readonly command: Command
  readonly bell: Bell
  readonly signal: AbortSignal
}

async function answerOf(sending: Sending, waiting: Waiting): Promise<void> {
  const { rollout, command, bell, signal } = waiting
  for (;;) {
    const row = await look(sending, waiting)
    if (row?.state === 'done') return
    if (row?.state === 'refused') throw refusalOf(row.problem)
    if (!row || row.state === 'withdrawn') {
      signal.throwIfAborted()
      throw refuse('CHANGEOVER_COMMAND_REFUSED', {
        rollout,
        command: command.command,
        problem: 'no engine that leads it took it in time',
      })
    }
    if (row.state === 'taken' && row.left_ms <= 0)
      throw postgresError('CHANGEOVER_POSTGRES_UNANSWERED', {
        rollout,
        command: command.command,
        id: command.id,
      })
    await bell.rung(sending.clock, Math.max(1, row.left_ms))
  }
}

/** What has become of it. Past its deadline, or when the caller gives up, it is withdrawn unless somebody has taken it. */
async function look(
  { database, tables }: Sending,
  { rollout, command, signal }: Waiting,
): Promise<CommandRow | undefined> {
  const [row] = await database.rows<CommandRow>(
    'send',
    `with late as (update ${tables.commands} set state = 'withdrawn'
       where rollout = $1 and id = $2 and state = 'open' and (expires_at <= clock_timestamp() or $3)
       returning state, problem, 0::double precision as left_ms)
     select * from late union all
     select state, problem, extract(epoch from
       case state when 'taken' then greatest(taken_until, expires_at) else expires_at end - clock_timestamp()
     )::double precision * 1000 from ${tables.commands}
     where rollout = $1 and id = $2 and not exists (select 1 from late)`,
    [rollout, command.id, signal.aborted],
  )
  return row
}

/** An error on its way from one engine to another, as text. */
const REFUSAL = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).default({}),
})

/** What the leading engine refused a command with, as text; nothing but what our own errors say. */
export function writeRefusal(error: unknown, command: Command, rollout: string): string {
  const coded =
    error instanceof ChangeoverError
      ? error
      : refuse('CHANGEOVER_COMMAND_REFUSED', {
          rollout,
          command: command.command,
          problem: error instanceof Error ? error.message : String(error),
        })
  const { code, message, details } = coded
  try {
    return JSON.stringify({ code, message, details })
  } catch {
    return JSON.stringify({ code, message })
  }
}

function refusalOf(problem: string | null): Error {
  const { code, message, details } = REFUSAL.parse(JSON.parse(problem ?? '{}'))
  return new ChangeoverError(code, message, { details })
}

interface Bell {
  readonly ring: () => void
  /** Resolves when it is or was rung since the last time, and at the latest after `ms`. */
  rung(clock: Clock, ms: number): Promise<void>
}

function createBell(): Bell {
  let ringing = new AbortController()
  return {
    ring: () => ringing.abort(),
    async rung(clock, ms) {
      await clock.sleep(ms, { signal: ringing.signal }).catch(() => undefined)
      ringing = new AbortController()
    },
  }
}
