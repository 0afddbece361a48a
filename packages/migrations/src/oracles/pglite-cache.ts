import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Where data directories that were set up once are kept. */
export async function defaultCacheDirectory(): Promise<string> {
  const modules = join(process.cwd(), 'node_modules')
  const exists = await stat(modules).then(
    (found) => found.isDirectory(),
    () => false,
  )
  return exists
    ? join(modules, '.cache', 'changeover')
    : join(tmpdir(), `changeover-${userInfo().uid}`)
}

/** What was kept; undefined where nothing was, or somebody else may have written it. */
export async function readKept(file: string): Promise<Blob | undefined> {
  try {
    const { uid } = await stat(file)
    if (process.getuid && uid !== process.getuid()) return undefined
    return new Blob([await readFile(file)])
  } catch {
    return undefined
  }
}

/** Keeps it, whole or not at all. That it cannot be kept costs time, and nothing else. */
export async function keep(directory: string, file: string, data: Blob): Promise<void> {
  const half = `${file}.${process.pid}`
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await writeFile(half, Buffer.from(await data.arrayBuffer()), { mode: 0o600 })
    await rename(half, file)
  } catch {
    // A disk that is full or read-only.
  }
}
