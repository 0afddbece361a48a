import { copyFile, mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, startDatabase } from '@changeover/example-expand-contract/database'
import { startAgent, startKeeper, type Surroundings } from './programs.ts'
import { type Places, shopConfig, type Way } from './shop-config.ts'

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** Everything that the story is played with, on this machine. */
export interface Stage extends Surroundings {
  readonly shopUrl: string
  readonly consoleUrl: string
  /** As a crash does. */
  killAgent(): Promise<void>
  /** Writes the config of the next act. */
  configure(way: Way, phase?: 'expand' | 'contract'): Promise<void>
  /** The developers have written another migration. */
  addMigration(file: string): Promise<void>
  /** Starts the agent again, as a service manager does. */
  reviveAgent(): Promise<void>
  /** The ids of the requests that were executed so far, repetitions included. */
  executions(): Promise<readonly string[]>
  /** Ends every process and removes what was written. Calling it again gives the same promise. */
  close(): Promise<void>
}

/** Opens the database and the agent. Whatever keeps it from that, nothing is left behind. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'changeover-story-'))
  const keeper = startKeeper(directory)
  const database = await startDatabase()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= keeper.sweep().then(() => database.close()))
  try {
    return { ...(await furnish(directory, database)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function furnish(directory: string, database: Database): Promise<Omit<Stage, 'close'>> {
  const places: Places = {
    executions: join(directory, 'executions'),
    migrations: join(directory, 'migrations'),
    shopPort: await freePort(),
    consolePort: await freePort(),
  }
  const environment = environmentOf(directory, database)
  const configure = async (way: Way, phase: 'expand' | 'contract' = 'expand'): Promise<void> => {
    const file = join(directory, 'changeover.config.json')
    await writeFile(`${file}.new`, shopConfig(way, phase, places))
    await rename(`${file}.new`, file)
  }
  const addMigration = (file: string): Promise<void> =>
    copyFile(join(MIGRATIONS, file), join(places.migrations, file))
  await mkdir(places.migrations)
  await addMigration('000_orders.sql')
  await configure('rolling')
  let agent = await startAgent({ directory, environment })
  return {
    directory,
    environment,
    shopUrl: `http://127.0.0.1:${places.shopPort}/`,
    consoleUrl: `http://127.0.0.1:${places.consolePort}/`,
    killAgent: () => agent.kill(),
    async reviveAgent() {
      agent = await startAgent({ directory, environment })
    },
    configure,
    addMigration,
    executions: async () => (await readFile(places.executions, 'utf8')).split('\n').filter(Boolean),
  }
}

function environmentOf(directory: string, { host, user, database }: Database): NodeJS.ProcessEnv {
  const { PATH, HOME, TERM, NO_COLOR, FORCE_COLOR, LANG, CI } = process.env
  const given = { PATH, HOME, TERM, NO_COLOR, FORCE_COLOR, LANG, CI }
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    CHANGEOVER_DIRECTORY: join(directory, 'agent'),
    SHOP_DATABASE: `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}`,
  }
}

/** One that the shop and the console keep, whoever starts them again. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
