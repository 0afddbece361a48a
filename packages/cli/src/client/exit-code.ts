/** What a command ends with. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  rolledBack: 4,
  failedSafe: 5,
  detached: 6,
  unreachable: 7,
  unhealthy: 8,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What each exit code means; `docs/cli.md` is generated from it. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'As asked: promoted, or rolled back where that was asked for; or simply done.'],
  [EXIT.unexpected, 'Something unforeseen; the message says what.'],
  [
    EXIT.usage,
    'The command line, a file it names or the config is wrong; nothing was asked of the agent.',
  ],
  [EXIT.refused, 'Refused, with a code: see `changeover explain CODE`. Nothing was changed.'],
  [EXIT.rolledBack, 'The rollout was rolled back: the release that was there before serves.'],
  [
    EXIT.failedSafe,
    'The rollout failed safe: routes are frozen, nothing was stopped, a person decides.',
  ],
  [EXIT.detached, 'Followed no longer, by Ctrl-C or SIGTERM; the rollout goes on.'],
  [EXIT.unreachable, 'No agent answered.'],
  [
    EXIT.unhealthy,
    'Looked at, and not well: `status --exit-code`, `history --verify`, `audit --verify`, `migrations check`.',
  ],
  [EXIT.interrupted, 'Ended by Ctrl-C where no rollout was followed.'],
  [EXIT.terminated, 'Ended by SIGTERM where no rollout was followed.'],
]
