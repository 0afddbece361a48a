// All benchmarks, or the one that is named: node main.mjs [exit|idle|serving|race|readiness [--rounds <n>] [subject ...]]
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const all = ['exit', 'idle', 'serving', 'race', 'readiness']
const [, , named, ...rest] = process.argv
if (named !== undefined && !all.includes(named)) {
  throw new Error(`There is no benchmark ${named}. Name one of ${all.join(', ')}, or none for all.`)
}
const cwd = fileURLToPath(new URL('.', import.meta.url))
const run = (command, args) => execFileSync(command, args, { cwd, stdio: 'inherit' })

run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--silent'])
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`)
for (const name of named === undefined ? all : [named]) {
  const began = Date.now()
  run(process.execPath, [`${name}.bench.mjs`, ...rest])
  console.log(`\n(${name}: ${Math.round((Date.now() - began) / 1000)} s)`)
}
