// Builds the web page into dist/page, unless what it is made of is unchanged since the last time.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const here = dirname(fileURLToPath(import.meta.url))
const outDir = join(here, 'dist/page')
const stamp = join(here, 'node_modules/.cache/page-inputs')

const inputs = fingerprint()
if (!existsSync(join(outDir, 'index.html')) || lastInputs() !== inputs) {
  const { build } = await import('vite')
  await build(options())
  precompress()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, inputs)
}

function lastInputs() {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined
}

function options() {
  return {
    configFile: false,
    root: join(here, 'page'),
    // The server puts the path that the console is mounted at in its place.
    base: '/__BASE__/',
    logLevel: 'warn',
    resolve: { conditions: ['@changeover/source', 'browser', 'module', 'default'] },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      // Its polyfill and its preloads would need the path that the page is mounted at.
      modulePreload: false,
      reportCompressedSize: false,
    },
  }
}

/** Puts a .br and a .gz beside every asset, so that serving one costs no processor. */
function precompress() {
  for (const file of filesBelow(join(outDir, 'assets'))) {
    const content = readFileSync(file)
    writeFileSync(`${file}.br`, brotliCompressSync(content))
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }))
  }
}

/** Changes with everything that ends up in the page. */
function fingerprint() {
  const hash = createHash('sha256')
  const api = join(here, 'src/api')
  const files = [
    join(here, 'package.json'),
    fileURLToPath(import.meta.url),
    ...[join(here, 'page'), api].flatMap(filesBelow),
  ]
  for (const file of files.toSorted()) {
    hash
      .update(`${relative(here, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
}
