import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '../migration-error.ts'

/** A file of a folder. */
export interface SourceFile {
  /** Path in the folder, with `/`. */
  readonly name: string
  /** Path shown in findings. */
  readonly path: string
  readonly text: string
}

/** What lies in a folder. */
export interface Folder {
  readonly path: string
  /** Of all files, those of folders in it included, sorted. */
  readonly names: readonly string[]
  /** SQL files, and the few others that a tool keeps its settings in. */
  readonly files: ReadonlyMap<string, SourceFile>
}

const TEXTS = /\.sql$|\.sql\.conf$|(?:^|\/)_journal\.json$/i
const HIDDEN = /(?:^|\/)(?:\.|node_modules\/)/

/**
 * Reads a folder with all that is in it.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SOURCE_MISSING`, or `CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE` for a file
 * that is no UTF-8
 */
export async function readFolder(path: string): Promise<Folder> {
  const names = await list(path)
  const files = new Map<string, SourceFile>()
  for (const name of names.filter((one) => TEXTS.test(one)))
    files.set(name, await readSource(path, name))
  return { path, names, files }
}

async function list(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory())
      throw new Error('it is a file; give the folder that it is in')
    const entries = await readdir(path, { recursive: true })
    return entries
      .map((entry) => entry.replaceAll('\\', '/'))
      .filter((entry) => !HIDDEN.test(entry))
      .sort()
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_MISSING', { path, problem }, { cause })
  }
}

async function readSource(folder: string, name: string): Promise<SourceFile> {
  const path = join(folder, name).replaceAll('\\', '/')
  try {
    const bytes = await readFile(path)
    return {
      name,
      path,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    }
  } catch (cause) {
    throw refuse(
      'CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE',
      { file: path, problem: problemOf(cause) },
      { cause },
    )
  }
}

function problemOf(cause: unknown): string {
  if (cause instanceof TypeError) return 'it is no UTF-8; save it as such'
  return cause instanceof Error ? cause.message : String(cause)
}

/** The last part of a path. */
export function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
