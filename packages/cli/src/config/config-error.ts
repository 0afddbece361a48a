import { relative } from 'node:path'
import type { ChangeoverError } from '@changeover/engine'
import { agentError } from '../agent/agent-error.ts'
import { fieldName, type Problem } from './problem.ts'
import type { Position, SourcePositions } from './source-positions.ts'

/** A mistake in a config, and where it is. */
export interface PlacedProblem extends Position {
  readonly file: string
  readonly field: string
  readonly problem: string
  readonly remedy: string
}

/** `details.problems` has each mistake as data. */
export function configRefused(
  file: string,
  problems: readonly Problem[],
  positions: SourcePositions,
): ChangeoverError {
  const placed = problems.map((one) => place(file, one, positions))
  const lines = placed.map((one) => `  ${line(one)}`).join('\n')
  return agentError('CHANGEOVER_CONFIG_INVALID', { file, lines, problems: placed })
}

function place(
  file: string,
  { path, problem, remedy }: Problem,
  positions: SourcePositions,
): PlacedProblem {
  return { file, ...positions.of(path), field: fieldName(path), problem, remedy }
}

function line({ file, line, column, field, problem, remedy }: PlacedProblem): string {
  return `${shown(file)}:${line}:${column} ${field}: ${problem}. ${remedy}`
}

/** As short as editors and terminals can still open it. */
function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') ? file : near
}
