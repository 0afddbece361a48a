import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { refuse } from './changeover-error.ts'
import { isSystemError } from './file-error.ts'

/** A file name on every system, and only that: no separator, no leading dot, no control character. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** A rollout's id is made of its service's name; both leave room for what locks are called. */
const LONGEST = { service: 128, rolloutId: 160 }

type NameField = keyof typeof LONGEST

export function isFileName(field: NameField, name: string): boolean {
  return FILE_NAME.test(name) && name.length <= LONGEST[field]
}

/** @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where `name` could lead out of its folder */
export function checkFileName(field: NameField, name: string): string {
  if (isFileName(field, name)) return name
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field,
    problem: 'it cannot be the name of a file',
    value: name,
    remedy: `Use up to ${LONGEST[field]} letters, digits, ".", "_" and "-", beginning with a letter or a digit.`,
  })
}

/** Makes the folders and those above them, durably; only once, unless that failed. */
export function createFolders(paths: readonly string[]): () => Promise<void> {
  let made: Promise<void> | undefined
  const create = async (): Promise<void> => {
    try {
      for (const path of paths) await createFolder(path)
    } catch (error) {
      made = undefined
      throw error
    }
  }
  return () => (made ??= create())
}

async function createFolder(path: string): Promise<void> {
  // What is run, and with which variables, is nobody else's to read.
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made))
  }
}

/** Makes durable which files the folder holds: syncing a new file alone does not. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What `work` gives, or undefined where the file that it needs is not there. */
export async function ifThere<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
