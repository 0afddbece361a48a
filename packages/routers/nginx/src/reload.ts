import type { RouteTable } from '@changeover/engine'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { confLook, keyOf, type Look } from './conf-look.ts'
import { configRequest, type DriverParts } from './driver-parts.ts'
import { inForce, named, reachable } from './in-force.ts'
import { askToReload, complaint, tailOf, testConfig } from './nginx-process.ts'
import { nginxConfig } from './nginx-config.ts'
import { readText, replaceFile } from './owned-files.ts'
import { isAlive, masterOf, type NginxProcess, workersOf } from './processes.ts'
import { type Answer, APPLIED, indeterminate, rejected } from './service-driver.ts'
import type { Generation } from './generation.ts'
import { removeSwitches, writeGenerations, writeSwitch } from './service-files.ts'
import { lookUntil } from './wait.ts'
import { problemOf } from './problem-of.ts'

/** What a reload is for. */
export interface ReloadRequest {
  readonly table: RouteTable
  /** What was seen before. */
  readonly seen: Look
  /** Whether the writer's lock is still ours. */
  readonly held: () => Promise<boolean>
}

/** Writes the configuration of a table and has nginx reload, or leaves everything as it was. */
export async function reload(parts: DriverParts, request: ReloadRequest): Promise<Answer> {
  const { settings, paths } = parts
  const master = await roomFor(parts)
  if (typeof master === 'string') return rejected(master)
  const { held } = request
  const before = await readText(paths.conf)
  const { text, digest } = nginxConfig(
    configRequest(parts, request.table, { nonce: randomBytes(8).toString('hex') }),
  )
  try {
    await stage(parts, request, { before, digest })
    if (!(await held())) return indeterminate(TAKEN_OVER)
    await replaceFile(paths.conf, text)
  } catch (error) {
    return undo(parts, {
      held,
      before,
      reason: `the configuration could not be written (${problemOf(error)})`,
    })
  }
  const refusal = await testConfig(settings)
  if (refusal !== undefined)
    return undo(parts, { held, before, reason: `nginx refuses the configuration: ${refusal}` })
  const log = await tailOf(settings.errorLog)
  // The test of a large configuration takes long enough to be taken for a pause.
  if (!(await held())) return indeterminate(TAKEN_OVER)
  const failed = await tellMaster(parts, master, request.seen)
  if (failed !== undefined) return undo(parts, { held, before, reason: failed })
  const heard = await outcome(parts, digest, async () => complaint(await log.read(), master.pid))
  if (heard === 'taken') {
    await forget(parts, digest)
    return APPLIED
  }
  const reason = heard ?? `nginx did not take it within ${settings.reloadMs} ms`
  const late = { old: request.seen.marker?.digest, digest, text }
  return undo(parts, { held, before, reason, late })
}

/** Old flags are removed once no worker is left that could look at them. */
async function forget({ settings, service }: DriverParts, digest: string): Promise<void> {
  const master = masterOf(settings.pidFile)
  const alone = master !== undefined && workersOf(master).every(({ leaving }) => !leaving)
  if (settings.mode === 'file' && alone)
    await removeSwitches(settings.directory, service, digest).catch(() => undefined)
}

/** The master, once not too many old workers linger; else why there must be no reload now. */
async function roomFor({ settings }: DriverParts): Promise<NginxProcess | string> {
  const { maxOldWorkers, reloadMs, clock, pidFile } = settings
  const room = await lookUntil(
    async () => {
      const master = masterOf(pidFile)
      if (!master) return `no master process by ${pidFile}`
      const leaving = workersOf(master).filter((worker) => worker.leaving)
      return leaving.length < maxOldWorkers ? master : undefined
    },
    clock,
    { deadline: reloadMs },
  )
  return (
    room ?? `${maxOldWorkers} old workers still answer requests, and each reload would add more`
  )
}

/** Keeps what a later look needs to know what nginx runs with until it has reloaded, and who was there before. */
async function stage(
  { paths, settings }: DriverParts,
  { table, seen }: ReloadRequest,
  { before, digest }: { readonly before: string | undefined; readonly digest: string },
): Promise<void> {
  const isLive = seen.file?.sealed && seen.file.head.digest === seen.marker?.digest
  if (before !== undefined && isLive) await replaceFile(paths.previous, before)
  if (settings.mode === 'file')
    await writeSwitch(settings.directory, digest, { table, switched: false })
}

/** Notes who is there, as late as can be, and has the master reload; says why that was not possible. */
async function tellMaster(
  { paths, settings }: DriverParts,
  master: NginxProcess,
  seen: Look,
): Promise<string | undefined> {
  const now = { ...seen, workers: workersOf(master) }
  try {
    await writeGenerations(paths, generationsAfter(now, settings.mode === 'file'))
  } catch (error) {
    return `the workers could not be noted (${problemOf(error)})`
  }
  return askToReload(master)
}

/** Every worker that lives now is of an older generation then. */
function generationsAfter(seen: Look, flags: boolean): readonly Generation[] {
  const known = seen.generations.filter(({ workers }) => workers.some(isAlive))
  const counted = new Set(known.flatMap(({ workers }) => workers.map(keyOf)))
  const others = seen.workers.filter((worker) => !counted.has(keyOf(worker)))
  const workers = others.map(({ pid, startedAt }) => ({ pid, startedAt }))
  const table = inForce(seen).table ?? seen.file?.head.table
  const instances = table ? (flags ? named(table) : reachable(table)) : []
  return [...known, { digest: seen.marker?.digest ?? '', workers, instances }]
}

/** `taken`, or with what nginx gave up; undefined where it did neither in time. */
async function outcome(
  parts: DriverParts,
  digest: string,
  refused: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const { clock, reloadMs } = parts.settings
  return lookUntil(
    async () => {
      const { marker } = await confLook(parts)
      // Workers that still answer by the old one may be beside it; waiting for them is converge's part.
      return marker?.digest === digest ? 'taken' : refused()
    },
    clock,
    { deadline: reloadMs },
  )
}

const TAKEN_OVER = 'another adapter took over the lock'

/** Puts the file back as it was. Should nginx have taken the new one after all, that one stays. */
async function undo(parts: DriverParts, { held, before, reason, late }: Undoing): Promise<Answer> {
  const { paths } = parts
  try {
    if (!(await held())) return indeterminate(`${reason}; and ${TAKEN_OVER}`)
    if (before === undefined) await rm(paths.conf, { force: true })
    else if ((await readText(paths.conf)) !== before) await replaceFile(paths.conf, before)
    if (!late) return rejected(reason)
    const { marker } = await confLook(parts)
    if (marker?.digest === late.old) return rejected(reason)
    if (marker?.digest !== late.digest) return indeterminate(reason)
    await replaceFile(paths.conf, late.text)
    return APPLIED
  } catch (error) {
    return indeterminate(`${reason}; and the file could not be put back (${problemOf(error)})`)
  }
}

interface Undoing extends Pick<ReloadRequest, 'held'> {
  readonly before: string | undefined
  readonly reason: string
  /** Where nginx was told already: the digests before and after, and the new file. */
  readonly late?: {
    readonly old: string | undefined
    readonly digest: string
    readonly text: string
  }
}
