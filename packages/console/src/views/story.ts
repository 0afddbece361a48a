import { type Entry, foldEntry, refuse, type RolloutState } from '@changeover/engine'

/** A rollout as its journal tells it, with what the engine itself need not remember. Changed in place by {@link tell}. */
export interface Story {
  readonly state: RolloutState
  /** When the steps of the current direction began, by their index. */
  readonly stepStarts: Map<number, number>
  holder: string | undefined
  finishedAt: number | undefined
}

/** Takes one entry into the story, which the caller owns. */
export function tell(story: Story | undefined, entry: Entry): Story {
  const told = story ?? {
    state: foldEntry(undefined, entry),
    stepStarts: new Map<number, number>(),
    holder: undefined,
    finishedAt: undefined,
  }
  if (story) foldEntry(told.state, entry)
  if (entry.type === 'step-started') told.stepStarts.set(entry.index, entry.at)
  if (entry.type === 'turned-back') told.stepStarts.clear()
  if (entry.type === 'led') told.holder = entry.holder
  if (entry.type === 'finished') told.finishedAt = entry.at
  return told
}

/** The story of a stored journal. @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` where there is none */
export async function readStory(entries: AsyncIterable<Entry>, rollout: string): Promise<Story> {
  let story: Story | undefined
  for await (const entry of entries) story = tell(story, entry)
  if (story) return story
  throw refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout })
}
