import { open, readdir, stat, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from './journal.ts'
import { type JournalEnds, readEnds } from './journal-ends.ts'
import { checkAppend, encodeLine } from './journal-line.ts'
import { JOURNAL_START, type JournalFile, type JournalPlace, scanJournal } from './journal-scan.ts'
import { expendable } from './retention.ts'
import { mayMatch, selectRollouts, serviceOfJournal, summarize } from './rollout-summary.ts'
import { checkFileName, ifThere, isFileName, syncFolder } from './store-folder.ts'
import type { RolloutFilter, RolloutSummary } from './store.ts'

/** Where the store tells what it repaired. A pino logger fits. */
export interface StoreLogger {
  warn(details: object, message: string): void
}

/** Writes entries of a service's rollout while no newer lease is granted; refuses where one was. */
export type UnderLease = (
  service: string | undefined,
  entries: readonly Entry[],
  write: () => Promise<void>,
) => Promise<void>

/** The end of a journal, and whose it is. */
interface JournalEnd extends JournalPlace {
  /** Undefined before the first entry. */
  readonly service: string | undefined
}

/** The journals of one folder, one file each. Appends to the same one must not overlap: the caller holds its lock. */
export interface JournalFolder {
  /** Where the journal of `rollout` is. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
  file(rollout: string): JournalFile
  /** Nothing is written unless `underLease` lets it. */
  append(
    file: JournalFile,
    expectedSeq: number,
    entries: readonly Entry[],
    underLease: UnderLease,
  ): Promise<void>
  /** Deletes what may go of the service whose rollout `finished` is. Never throws: there is always a next time. */
  forget(finished: JournalFile, retain: number): Promise<void>
  rollouts(filter: RolloutFilter): Promise<readonly RolloutSummary[]>
}

const SUFFIX = '.jsonl'
const FILES_AT_ONCE = 16
const UNREAD: JournalEnd = { ...JOURNAL_START, service: undefined }

export function journalFolder(path: string, logger: StoreLogger | undefined): JournalFolder {
  const known = new Map<string, JournalEnd>()
  /** Of journals that have their last entry: they never change, and a service may have thousands. */
  const ended = new Map<string, RolloutSummary>()
  /** Whose journal it is, by its first entry, which never changes either. */
  const owners = new Map<string, string | undefined>()
  const file = (rollout: string): JournalFile => ({
    rollout,
    path: join(path, checkFileName('rolloutId', rollout) + SUFFIX),
  })
  const select = async (filter: RolloutFilter): Promise<readonly RolloutSummary[]> => {
    const names = await rolloutsIn(path)
    for (const kept of [ended, owners]) forgetOthers(kept, names)
    const unknown = names.filter((name) => !ended.has(name) && mayBe(owners.get(name), filter))
    const read = await summarizeAll(unknown.map(file), (first) => {
      owners.set(first.rollout, serviceOfJournal(first))
      return mayMatch(first, filter)
    })
    const summaries = [...ended.values(), ...read]
    for (const one of read) if (one.outcome !== undefined) ended.set(one.id, one)
    return selectRollouts(summaries, filter)
  }
  return {
    file,
    async append(file, expectedSeq, entries, underLease) {
      const { end, size } = await findEnd(file, known.get(file.rollout))
      known.delete(file.rollout)
      ended.delete(file.rollout)
      owners.delete(file.rollout)
      checkAppend(file.rollout, expectedSeq, end.last, entries)
      const last = entries.at(-1)
      if (last === undefined) return
      const service = end.service ?? serviceOfJournal(entries[0])
      await underLease(service, entries, async () => {
        if (size > end.offset) await cutTail(file, end, size, logger)
        const offset = end.offset + (await write(file.path, entries))
        if (end.offset === 0) await syncFolder(path)
        if (last.type !== 'finished') known.set(file.rollout, { last, offset, service })
      })
    },
    async forget(finished, retain) {
      try {
        const ends = await readEnds(finished, () => true)
        const service = summaryOf(ends)[0]?.service
        if (service === undefined) return
        const gone = expendable(await select({ service }), retain)
        for (const id of gone) await unlink(file(id).path)
        if (gone.length > 0) await syncFolder(path)
      } catch (error) {
        logger?.warn({ err: error, path }, 'old rollouts could not be deleted')
      }
    },
    rollouts: select,
  }
}

/** What was deleted, here or by another process, is no longer told of. */
function forgetOthers(known: Map<string, unknown>, names: readonly string[]): void {
  const there = new Set(names)
  for (const id of known.keys()) if (!there.has(id)) known.delete(id)
}

function mayBe(owner: string | undefined, { service }: RolloutFilter): boolean {
  return owner === undefined || service === undefined || owner === service
}

/**
 * Where the next entry goes, and how large the file is: larger where its tail is torn. Only what was written since
 * `known` is read.
 */
async function findEnd(
  file: JournalFile,
  known: JournalEnd = UNREAD,
): Promise<{ end: JournalEnd; size: number }> {
  const size = (await ifThere(() => stat(file.path)))?.size ?? 0
  let end = size < known.offset ? UNREAD : known
  if (size === end.offset) return { end, size }
  for await (const place of scanJournal(file, end))
    end = { ...place, service: end.last ? end.service : serviceOfJournal(place.last) }
  return { end, size }
}

/** What follows the last newline was never acknowledged. */
async function cutTail(
  file: JournalFile,
  place: JournalPlace,
  size: number,
  logger: StoreLogger | undefined,
): Promise<void> {
  await truncate(file.path, place.offset)
  logger?.warn(
    { rollout: file.rollout, path: file.path, offset: place.offset, bytes: size - place.offset },
    'journal: an entry that a crash cut off, never acknowledged, was removed',
  )
}

async function write(path: string, entries: readonly Entry[]): Promise<number> {
  const bytes = Buffer.from(entries.map(encodeLine).join(''))
  const handle = await open(path, 'a')
  try {
    await handle.appendFile(bytes)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  return bytes.length
}

async function rolloutsIn(path: string): Promise<string[]> {
  const names = (await ifThere(() => readdir(path))) ?? []
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter((name) => isFileName('rolloutId', name))
}

async function summarizeAll(
  files: readonly JournalFile[],
  wanted: (first: Entry) => boolean,
): Promise<RolloutSummary[]> {
  const summaries: RolloutSummary[] = []
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const some = files.slice(at, at + FILES_AT_ONCE)
    const ends = await Promise.all(some.map((file) => readEnds(file, wanted)))
    summaries.push(...ends.flatMap(summaryOf))
  }
  return summaries
}

function summaryOf(ends: JournalEnds | undefined): RolloutSummary[] {
  const summary = ends && summarize(ends.first, ends.last)
  return summary === undefined ? [] : [summary]
}
