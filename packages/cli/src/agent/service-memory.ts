import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { AgentService } from '../config/agent-config.ts'
import { agentError, wordsOf } from './agent-error.ts'

/** What the embedded router of a service is made of. */
export type RoutedService = Pick<AgentService, 'name' | 'listen' | 'router'>

/** Remembers the services that have a router process, beyond their time in the config. */
export interface ServiceMemory {
  all(): readonly RoutedService[]
  /** Writes only what is new: a full disk keeps no agent from taking over what runs. @throws ChangeoverError `CHANGEOVER_AGENT_DIRECTORY_INVALID` */
  keep(service: RoutedService): void
  forget(name: string): void
}

const schema = z.looseObject({
  name: z.string(),
  listen: z.object({ port: z.number(), host: z.string() }).optional(),
  router: z.looseObject({}),
})

/** One small file for each service, beside the directory of its router. */
export function serviceMemory(directory: string): ServiceMemory {
  const fileOf = (name: string): string => join(directory, `${name}.json`)
  return {
    all: () =>
      filesIn(directory).flatMap((file) => {
        const { data } = schema.safeParse(parse(readFileSync(join(directory, file), 'utf8')))
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the router checks its options again
        return data === undefined ? [] : [data as RoutedService]
      }),
    keep({ name, listen, router }) {
      const text = `${JSON.stringify({ name, listen, router })}\n`
      if (textOf(fileOf(name)) !== text) write(directory, fileOf(name), text)
    },
    forget: (name) => rmSync(fileOf(name), { force: true }),
  }
}

function write(directory: string, file: string, text: string): void {
  const draft = `${file}.tmp`
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(draft, text, { mode: 0o600 })
    renameSync(draft, file)
  } catch (error) {
    const problem = `${file}: ${wordsOf(error)}`
    throw agentError('CHANGEOVER_AGENT_DIRECTORY_INVALID', { directory, problem }, error)
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

/** A torn file is of a service that is in the config, or that nobody knows any more. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
