/** Renames a column over three releases, under load. */
import type { GuardListener } from '@changeover/migrations'
import { formatLoadReport } from '@changeover/testing'
import { fileOf } from './releases.ts'
import { openStage } from './stage.ts'
import { type Ending, playStory } from './story.ts'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What the guard does, where it is news. */
function telling(): GuardListener {
  return (event) => {
    if (event.type === 'step-done') say(`  ${event.migration} ran`)
    if (event.type === 'batch-done' && event.batches % 10 === 0)
      say(`  ${event.backfill}: ${event.rows} rows filled, in ${event.batches} batches`)
    if (event.type === 'floor-set') say(`  no release below ${event.release} may start from now on`)
  }
}

/** Of each release the first query that would break, and what is not about queries as it is. */
function refused(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  const parts = message.replaceAll(fileOf('migrations/'), '').split(/(?<=: )(?=\d+_)|; |(?<=\d\. )/)
  const told = new Set<string | undefined>()
  for (const part of parts) {
    const release = /Release (\w+)/.exec(part)?.[1] ?? part
    if (!told.has(release)) say(`  | ${part.trim()}`)
    told.add(release)
  }
}

function isGood({ outcomes, refusals, load, lost, columns }: Ending): boolean {
  const promoted = outcomes.every((outcome) => outcome === 'promoted')
  const clean = load.dropped === 0 && load.abandoned === 0 && lost === 0
  return promoted && refusals === 3 && clean && columns === 'id not null, full_name not null'
}

async function main(): Promise<void> {
  const stage = await openStage(telling())
  const leave = (): void => void stage.close().then(() => process.exit(130))
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    const ending = await playStory(stage, { say, refused })
    const shares = Object.entries(ending.load.byRelease).map(([id, count]) => `${id} ${count}`)
    say(`users: ${ending.columns}`)
    say(`answered by ${shares.join(', ')}`)
    say(`${formatLoadReport(ending.load)} · writes lost ${ending.lost}`)
    process.exitCode = isGood(ending) ? 0 : 1
  } finally {
    await stage.close()
  }
}

void main()
