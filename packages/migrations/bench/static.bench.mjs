// How fast 20,000 statements are checked by reading alone, beside squawk: whole processes, rounds in turn, medians.
// Twice the files must cost twice the time. Run with: node packages/migrations/bench/static.bench.mjs [rounds]
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PER_FILE = 20
const here = fileURLToPath(new URL('.', import.meta.url))
const rounds = Number(process.argv[2] ?? 5)
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** Statements as migrations have them, no two files alike: safe ones and others. */
function migration(number) {
  const table = `table_${number}`
  const kinds = [
    (at) =>
      `CREATE TABLE ${table}_${at} (id bigint PRIMARY KEY, name text NOT NULL, made_at timestamptz NOT NULL DEFAULT now())`,
    (at) => `ALTER TABLE ${table} ADD COLUMN plan_${at} text NOT NULL DEFAULT 'free; or not'`,
    (at) => `CREATE INDEX CONCURRENTLY ${table}_name_${at} ON ${table} (name)`,
    (at) => `ALTER TABLE ${table} ADD CONSTRAINT ${table}_named_${at} CHECK (name <> '') NOT VALID`,
    (at) => `UPDATE ${table} SET plan = 'paid' WHERE id = ${at}`,
    (at) => `ALTER TABLE ${table} DROP COLUMN old_${at}`,
    (at) => `CREATE INDEX ${table}_slow_${at} ON ${table} (made_at)`,
    (at) => `ALTER TABLE ${table} ALTER COLUMN name_${at} SET NOT NULL`,
  ]
  const lines = Array.from({ length: PER_FILE }, (_, at) => `${kinds[at % kinds.length](at)};\n`)
  return lines.join('')
}

function write(folder, files) {
  mkdirSync(folder)
  for (let number = 0; number < files; number += 1)
    writeFileSync(join(folder, `${String(number).padStart(5, '0')}_step.sql`), migration(number))
}

function changeover(folder) {
  const began = performance.now()
  const out = execFileSync(process.execPath, [join(here, 'static-subject.mjs'), folder], {
    encoding: 'utf8',
  })
  return { wall: (performance.now() - began) / 1e3, ...JSON.parse(out) }
}

function squawk(folder) {
  const files = readdirSync(folder).map((name) => join(folder, name))
  const program = join(here, 'node_modules/.bin/squawk')
  const began = performance.now()
  const { error, stdout } = spawnSync(program, files, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (error) throw error
  return { wall: (performance.now() - began) / 1e3, findings: stdout.split('\n').length }
}

execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--silent'], {
  cwd: here,
  stdio: 'inherit',
})
const root = mkdtempSync(join(tmpdir(), 'changeover-bench-'))
try {
  const [one, two] = [join(root, 'one'), join(root, 'two')]
  write(one, 1_000)
  write(two, 2_000)
  const runs = { one: [], two: [], squawk: [] }
  for (let round = 0; round < rounds; round += 1) {
    runs.one.push(changeover(one))
    runs.squawk.push(squawk(one))
    runs.two.push(changeover(two))
  }
  const of = (name, figure) => median(runs[name].map((run) => run[figure]))
  const row = (name, statements) => ({
    statements,
    'wall s, whole process': of(name, 'wall').toFixed(2),
    'statements/s': Math.round(statements / of(name, name === 'squawk' ? 'wall' : 'seconds')),
    'statements/CPU s': name === 'squawk' ? '' : Math.round(statements / of(name, 'cpuSeconds')),
    'peak MB': name === 'squawk' ? '' : Math.round(of(name, 'peakMb')),
  })
  console.table({
    changeover: row('one', 20_000),
    'changeover, twice the files': row('two', 40_000),
    squawk: row('squawk', 20_000),
  })
  const ratio = of('two', 'cpuSeconds') / of('one', 'cpuSeconds')
  console.log(`Twice the files cost ${ratio.toFixed(2)} times the CPU time.`)
} finally {
  rmSync(root, { recursive: true, force: true })
}
