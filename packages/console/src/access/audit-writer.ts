import { constants } from 'node:fs'
import { chmod, type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AuditEntry } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import {
  type AuditPlace,
  closeAuditFiles,
  openAuditFiles,
  type OpenAuditFile,
  rotatedFiles,
  rotatedPath,
  scanAudit,
} from './audit-files.ts'
import { AUDIT_START, type AuditLink, encodeAuditLine } from './audit-line.ts'
import { syncFolder } from './sync-folder.ts'

export interface AuditLimits {
  readonly maxBytes: number
  readonly keep: number
}

/** Appends to the file; calls do not overlap. */
export interface AuditWriter {
  readonly last: AuditLink
  /** Durable when it resolves; where it rejects none of them is in the log. */
  append(entries: readonly AuditEntry[]): Promise<void>
  close(): Promise<void>
}

interface End {
  last: AuditLink
  /** Number of the first entry of the file that is written. */
  first: number
  offset: number
}

/**
 * Opens the log to write on behind its last entry. What a crash cut off was never acknowledged, and goes.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_AUDIT_INVALID`
 */
export async function openAuditWriter(path: string, limits: AuditLimits): Promise<AuditWriter> {
  const end = await findEnd(path)
  let handle = await openToAppend(path, end.offset)
  let torn = false
  const rotate = async (): Promise<void> => {
    const full = handle
    handle = await moveOn(path, end)
    end.first = end.last.seq + 1
    end.offset = 0
    await full.close()
    const older = await rotatedFiles(path)
    for (const file of older.slice(0, Math.max(0, older.length - limits.keep)))
      await unlink(file.path)
  }
  return {
    get last() {
      return end.last
    },
    async append(entries) {
      const last = entries.at(-1)
      if (last === undefined) return
      const bytes = Buffer.from(entries.map(encodeAuditLine).join(''))
      if (torn) await handle.truncate(end.offset)
      if (end.offset > 0 && end.offset + bytes.length > limits.maxBytes) await rotate()
      torn = true
      await writeAll(handle, bytes, end.offset)
      await handle.datasync()
      torn = false
      end.offset += bytes.length
      end.last = last
    },
    close: () => handle.close(),
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at)
    at += bytesWritten
  }
}

/** Puts the full file aside and begins a new one; where that fails the full one goes on being written. */
async function moveOn(path: string, end: End): Promise<FileHandle> {
  const aside = rotatedPath(path, end.first)
  await rename(path, aside)
  try {
    return await openToAppend(path, 0)
  } catch (error) {
    await rename(aside, path)
    throw error
  }
}

async function openToAppend(path: string, offset: number): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    await chmod(path, 0o600)
    await handle.truncate(offset)
    await handle.datasync()
    await syncFolder(dirname(path))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function findEnd(path: string): Promise<End> {
  const files = await openAuditFiles(path)
  try {
    const current = files.find(({ first }) => first === undefined)
    const before = await lastOf(
      files.findLast(({ first }) => first !== undefined),
      undefined,
    )
    const link = before?.last ?? AUDIT_START
    const place = await lastOf(current, link)
    const first = link.seq + 1
    return { last: place?.last ?? link, first, offset: place?.offset ?? 0 }
  } finally {
    await closeAuditFiles(files)
  }
}

/** Where the file ends. The chain is checked up to there: going on behind a changed line would vouch for it. */
async function lastOf(
  file: OpenAuditFile | undefined,
  link: AuditLink | undefined,
): Promise<AuditPlace | undefined> {
  if (file === undefined) return undefined
  let place: AuditPlace | undefined
  const scan = scanAudit(file, link)
  for (;;) {
    const { done, value } = await scan.next()
    if (!done) place = value
    else if (value === undefined) return place
    else {
      const { path, line, problem } = value
      throw consoleError('CHANGEOVER_CONSOLE_AUDIT_INVALID', { path, line, problem })
    }
  }
}
