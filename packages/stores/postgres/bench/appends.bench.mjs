// Appends and reads: node packages/stores/postgres/bench/appends.bench.mjs postgres://user@host/database
import { chainEntry, GENESIS_HASH } from '@changeover/engine'
import { postgresStore } from '@changeover/store-postgres'

const APPENDS = 1_000
const RIVALS = 8
const connection = process.argv[2]
if (connection === undefined) throw new Error('Give the URL of a database.')
const store = postgresStore({ connection, schema: 'changeover_bench' })
await store.open()

function journal(rollout) {
  let seq = 0
  let prev = GENESIS_HASH
  const next = (body) => {
    const entry = chainEntry(body, { rollout, seq, at: Date.now(), fence: 1, prev })
    seq += 1
    prev = entry.hash
    return entry
  }
  const to = { id: 'b', version: '2', spec: {} }
  const plan = { service: rollout, strategy: 'rolling', to, replicas: 2, steps: [], rollback: [] }
  return {
    created: () => next({ type: 'created', plan }),
    ready: (id) => next({ type: 'ready', id }),
  }
}

async function write(rollout, appends) {
  const { created, ready } = journal(rollout)
  await store.append(rollout, 0, [created()])
  const times = []
  for (let n = 1; n <= appends; n += 1) {
    const began = performance.now()
    await store.append(rollout, n, [ready(`instance-${n}`)])
    times.push(performance.now() - began)
  }
  return times.toSorted((a, b) => a - b)
}

async function timed(name, count, work) {
  const began = performance.now()
  const result = await work()
  const seconds = (performance.now() - began) / 1_000
  console.log(`${name}: ${Math.round(count / seconds)}/s`)
  return result
}

const run = Date.now().toString(36)
const times = await timed('appends, one writer', APPENDS, () => write(`one-${run}`, APPENDS))
const at = (share) => times[Math.floor(times.length * share)].toFixed(2)
console.log(`  median ${at(0.5)} ms, 99 of 100 within ${at(0.99)} ms`)
await timed(`appends, ${RIVALS} rollouts at once`, APPENDS, () =>
  Promise.all(
    Array.from({ length: RIVALS }, (_, n) => write(`rival-${n}-${run}`, APPENDS / RIVALS)),
  ),
)
let read = 0
await timed('entries read and checked', APPENDS + 1, async () => {
  for await (const entry of store.read(`one-${run}`)) read += Number(entry.seq >= 0)
})
await store.close()
if (read !== APPENDS + 1) throw new Error(`${read} entries were read`)
