import { ftruncateSync, readSync, renameSync, writeSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'

/** Where a log is copied to. */
export interface RotationTarget {
  /** While the copy is not complete. */
  readonly draft: string
  readonly path: string
}

const CHUNK = 256 * 1024
/** Passes in which the copy may catch up with a writer, before the rest is taken in one go. */
const PASSES = 8
/** Most that is taken in one go, while the owner does nothing else. */
const LAST_GO_LIMIT = 16 * 1024 * 1024

/**
 * Moves what is in the log at `path` to another file, and leaves the log empty for its writer, who holds it open for
 * appending and is not asked. What is written between the last look and the emptying is lost: microseconds.
 *
 * Rejects with the system's error, and the log is as it was. After a crash nothing is missing; at worst it is there
 * twice.
 */
export async function rotateLog(
  path: string,
  { draft, path: target }: RotationTarget,
): Promise<void> {
  await rm(draft, { force: true })
  const log = await open(path, 'r+')
  try {
    const copy = await open(draft, 'wx', 0o600)
    try {
      const copied = await catchUp(log, copy)
      // From here on in one turn: whoever reads the files in between would find lines twice, or not at all.
      renameSync(draft, target)
      finish(log.fd, copy.fd, copied)
    } finally {
      await copy.close()
    }
  } catch (error) {
    await Promise.all([draft, target].map((file) => rm(file, { force: true })))
    throw error
  } finally {
    await log.close()
  }
}

async function catchUp(log: FileHandle, copy: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(CHUNK)
  let at = 0
  for (let pass = 0; pass < PASSES; pass++) {
    const { size } = await log.stat()
    while (at < size) {
      const { bytesRead } = await log.read(chunk, 0, CHUNK, at)
      if (bytesRead === 0) return at
      await copy.writeFile(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
    if ((await log.stat()).size - at < CHUNK) return at
  }
  return at
}

function finish(log: number, copy: number, from: number): void {
  const chunk = Buffer.alloc(CHUNK)
  const until = from + LAST_GO_LIMIT
  for (let at = from; at < until;) {
    const read = readSync(log, chunk, 0, CHUNK, at)
    if (read === 0) break
    for (let done = 0; done < read;) done += writeSync(copy, chunk, done, read - done)
    at += read
  }
  ftruncateSync(log, 0)
}
