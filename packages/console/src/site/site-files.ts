import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

/** One file of the page, in every coding that it was built in. */
export interface SiteFile {
  readonly type: string
  readonly plain: Buffer
  readonly br: Buffer | undefined
  readonly gzip: Buffer | undefined
}

/** The built page: read once, so that no path of a request ever reaches the file system. */
export interface Site {
  /** Text of `index.html`, before anything is put into it; undefined where the page was not built. */
  readonly index: string | undefined
  /** By path below the page, such as `assets/index-1a2b.js`. */
  readonly files: ReadonlyMap<string, SiteFile>
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** Reads the page from `directory`; without one it has no files. */
export async function readSite(directory: URL): Promise<Site> {
  const names = await listFiles(directory)
  const contents = await Promise.all(
    names.map(async (name) => [name, await readFile(new URL(name, directory))] as const),
  )
  const raw = new Map(contents)
  const files = new Map<string, SiteFile>()
  for (const [name, plain] of raw) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    files.set(name, { type, plain, br: raw.get(`${name}.br`), gzip: raw.get(`${name}.gz`) })
  }
  return { index: raw.get('index.html')?.toString('utf8'), files }
}

/** Paths of the files below a directory, with slashes. */
async function listFiles(directory: URL): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    const lists = entries.map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name]
      const below = await listFiles(new URL(`${entry.name}/`, directory))
      return below.map((name) => `${entry.name}/${name}`)
    })
    return (await Promise.all(lists)).flat()
  } catch {
    return []
  }
}
