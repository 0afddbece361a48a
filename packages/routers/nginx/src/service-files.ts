import { readdir, rm, stat } from 'node:fs/promises'
import { type OwnFile, parseOwnFile } from './own-file.ts'
import { readText, replaceFile } from './owned-files.ts'
import type { Generation } from './generation.ts'
import { switchPath } from './switch-config.ts'
import type { RouteTable } from '@changeover/engine'
import { readGenerationList, readTable } from './stored.ts'

/** Paths of a service's files. */
export interface ServicePaths {
  readonly conf: string
  /** The configuration before the newest, as long as nginx may still run with it. */
  readonly previous: string
  readonly location: string
  /** Workers that may still answer requests by an older table. */
  readonly generations: string
  readonly lock: string
  /** In mode `lua`, the table for nginx to begin with after a restart. */
  readonly table: string
}

/** Where the files of a service lie. */
export function pathsOf(directory: string, service: string): ServicePaths {
  const at = (suffix: string): string => `${directory}/${service}.${suffix}`
  return {
    conf: at('conf'),
    previous: at('conf.previous'),
    location: at('location'),
    generations: at('generations'),
    lock: at('lock'),
    table: at('table'),
  }
}

export async function readOwnFile(path: string): Promise<OwnFile | undefined> {
  const text = await readText(path)
  return text === undefined ? undefined : parseOwnFile(text)
}

export async function readGenerations({
  generations,
}: ServicePaths): Promise<readonly Generation[]> {
  return readGenerationList((await readText(generations)) ?? '') ?? []
}

export async function writeGenerations(
  { generations }: ServicePaths,
  known: readonly Generation[],
): Promise<void> {
  await replaceFile(generations, JSON.stringify(known))
}

/** The flag of mode `file`: the table in force under a configuration, and by its mode whether it is the flipped one. */
export interface Switch {
  readonly table: RouteTable
  readonly switched: boolean
}

export async function readSwitch(
  directory: string,
  service: string,
  digest: string,
): Promise<Switch | undefined> {
  const path = switchPath(directory, service, digest)
  try {
    const text = await readText(path)
    if (text === undefined) return undefined
    const { mode } = await stat(path)
    const table = readTable(text)
    return table && { table, switched: (mode & 0o100) !== 0 }
  } catch {
    return undefined
  }
}

/** One rename puts the table and the flag in force together. */
export async function writeSwitch(
  directory: string,
  digest: string,
  { table, switched }: Switch,
): Promise<void> {
  const path = switchPath(directory, table.service, digest)
  await replaceFile(path, JSON.stringify(table), switched ? 0o744 : 0o644)
}

/** Removes the flags of configurations that nobody runs with any more. */
export async function removeSwitches(
  directory: string,
  service: string,
  kept: string,
): Promise<void> {
  const names = await readdir(directory)
  const flags = names.filter(
    (name) => name.startsWith(`${service}.`) && /^[^.]+\.[0-9a-f]{24}\.switch$/.test(name),
  )
  for (const name of flags)
    if (name !== `${service}.${kept}.switch`) await rm(`${directory}/${name}`, { force: true })
}
