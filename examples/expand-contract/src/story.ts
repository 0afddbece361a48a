import { setTimeout as sleep } from 'node:timers/promises'
import { blueGreen, rolling, type StartRequest, type Strategy } from '@changeover/engine'
import type { LoadReport } from '@changeover/testing'
import { type Customers, keepCustomersComing } from './customers.ts'
import { release } from './releases.ts'
import { SERVICE, type Stage } from './stage.ts'

/** How the story ended. */
export interface Ending {
  /** How each release fared, in their order. */
  readonly outcomes: readonly string[]
  readonly load: LoadReport
  /** Writes that were answered as done and are not in the database. */
  readonly lost: number
  /** Attempts that came too early, and were refused. */
  readonly refusals: number
  /** The columns that are left. */
  readonly columns: string
}

/** What the story is told with. */
export interface Teller {
  /** Adds a line. */
  readonly say: (line: string) => void
  /** Adds the words of a refusal. */
  readonly refused: (error: unknown) => void
}

type Wish = Pick<StartRequest, 'migrate' | 'giveUpRollbackTo'>

const REPLICAS = 2
const REQUESTS_PER_SECOND = 100
/** How long what has just changed is at work, before the next thing happens. */
const INTERLUDE_MS = 1500

/** Renames `users.name` to `users.full_name` in three releases, while customers come and go. */
export async function playStory(stage: Stage, teller: Teller): Promise<Ending> {
  const { engine } = stage
  const oneByOne = rolling({ maxSurge: 1, maxUnavailable: 0 })
  const deploy = async (id: string, strategy: Strategy, wish: Wish = {}): Promise<string> => {
    const request = {
      service: SERVICE,
      release: release(id, stage.database),
      replicas: REPLICAS,
      strategy,
    }
    const rollout = await engine.start({ ...request, ...wish, by: 'example' })
    const { outcome, reason } = await rollout.finished
    teller.say(`${id}: ${outcome}${reason === undefined ? '' : `, ${reason}`}`)
    await sleep(INTERLUDE_MS)
    return outcome
  }
  let refusals = 0
  const tooEarly = async (attempt: Promise<unknown>): Promise<void> => {
    try {
      await attempt
      teller.say('It was not refused!')
    } catch (error) {
      refusals += 1
      teller.refused(error)
    }
  }

  const widening = ['expand', 'backfill'] as const
  const narrowing = ['tighten', 'contract'] as const
  teller.say('v1 reads and writes users.name.')
  const outcomes = [await deploy('v1', oneByOne)]
  const customers = keepCustomersComing(stage.url, REQUESTS_PER_SECOND)
  try {
    teller.say(
      'v2 writes both columns and reads full_name. In a hurry, all four phases go with it:',
    )
    await tooEarly(deploy('v2', oneByOne, { migrate: [...widening, ...narrowing] }))
    teller.say('v2 again, with the phases that v1 can live with.')
    outcomes.push(await deploy('v2', oneByOne, { migrate: widening }))
    teller.say(
      'v3 knows full_name alone, and name is dropped. v1 is given up, but v2 is what we would go back to:',
    )
    await tooEarly(deploy('v3', blueGreen(), { migrate: narrowing, giveUpRollbackTo: ['v1'] }))
    teller.say(
      'v3 again, with v2 given up too: name goes when the last instance of v2 has stopped.',
    )
    const both = { migrate: narrowing, giveUpRollbackTo: ['v1', 'v2'] }
    outcomes.push(await deploy('v3', blueGreen(), both))
    teller.say('Back to v2, after all?')
    await tooEarly(engine.rollback(SERVICE, { to: 'v2', by: 'example' }))
    return { outcomes, refusals, ...(await sendHome(customers, stage)) }
  } finally {
    await customers.close()
  }
}

async function sendHome(
  customers: Customers,
  { pool }: Stage,
): Promise<Omit<Ending, 'outcomes' | 'refusals'>> {
  const { load, written } = await customers.sendHome()
  const users = await pool.query<{ id: string; full_name: string }>(
    'SELECT id, full_name FROM users',
  )
  const names = new Map(users.rows.map(({ id, full_name }) => [id, full_name]))
  const lost = [...written].filter(([id, name]) => names.get(id) !== name).length
  const { rows } = await pool.query<{ column: string }>(COLUMNS)
  return { load, lost, columns: rows.map(({ column }) => column).join(', ') }
}

const COLUMNS = `SELECT column_name || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS "column"
  FROM information_schema.columns WHERE table_name = 'users' ORDER BY ordinal_position`
