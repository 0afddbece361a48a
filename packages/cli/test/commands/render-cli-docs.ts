import { EXIT_MEANINGS } from '../../src/client/exit-code.ts'
import type { CommandSpec, OptionSpec } from '../../src/commands/command-spec.ts'
import { JSON_KINDS, type JsonKind } from '../../src/commands/json-kinds.ts'
import { COMMANDS } from '../../src/commands/command-table.ts'
import { CONNECTION_OPTIONS, JSON_OPTION } from '../../src/commands/common-options.ts'
import { placeOf } from '../../src/commands/program.ts'

const INTRODUCTION = `# The command line

\`changeover agent\` runs where the services run; every other command asks it, over its socket on the same machine, or by
\`--url\` and a token from elsewhere. \`deploy\` and \`rollback\` follow to the end: on a terminal as a picture that is drawn
again and again, elsewhere as lines. Ctrl-C detaches, and the rollout goes on.

Colours are only used on terminals, never with \`NO_COLOR\`, always with \`FORCE_COLOR=1\`; where the locale is not one of UTF-8,
marks are ASCII. Questions are only asked on terminals: \`rollback\` without one needs \`--yes\`.

This file is written by the test suite from the table of commands:
\`npx vitest run packages/cli/test/commands/cli-docs.test.ts --update\`.
`

/** The reference of all commands, as Markdown. */
export function renderCliDocs(): string {
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true)
  return [
    INTRODUCTION,
    `## Exit codes\n`,
    `${EXIT_MEANINGS.map(([code, meaning]) => `- \`${code}\`: ${meaning}`).join('\n')}\n`,
    `## Which agent\n`,
    `Every command that asks an agent takes these, and \`CHANGEOVER_TOKEN\` for the token.\n`,
    `${options(CONNECTION_OPTIONS)}\n`,
    `## Commands\n`,
    ...shown.map(renderCommand),
    `## JSON\n`,
    `With \`--json\` a command prints one document on one line, or one for each event while it watches. It begins with
\`"schema": "changeover/v1"\` and its \`kind\`; a field that is undefined is left out. Refusals are documents too.\n`,
    `${(Object.keys(JSON_KINDS) as JsonKind[]).map((kind) => `- \`${kind}\`: ${JSON_KINDS[kind]}`).join('\n')}\n`,
  ].join('\n')
}

function renderCommand(spec: CommandSpec): string {
  const places = (spec.arguments ?? []).map(placeOf)
  const usage = ['changeover', spec.name, ...places].join(' ')
  const listed = [
    ...(spec.arguments ?? []).map(({ name, help }) => `- \`${name}\`: ${help}`),
    ...lines(spec.options ?? []),
    ...(spec.kinds.length > 0 ? [jsonLine(spec.kinds)] : []),
  ]
  const examples = spec.examples?.length ? ['```sh', ...spec.examples, '```', ''] : []
  return [
    `### ${spec.name}\n`,
    `\`${usage}\`: ${spec.summary}.\n`,
    ...listed,
    '',
    ...examples,
  ].join('\n')
}

function jsonLine(kinds: readonly JsonKind[]): string {
  return `- \`${JSON_OPTION.flags}\`: prints ${kinds.map((kind) => `\`${kind}\``).join(', ')}`
}

function options(all: readonly OptionSpec[]): string {
  return lines(all).join('\n')
}

function lines(all: readonly OptionSpec[]): string[] {
  return all.map(({ flags, help }) => `- \`${flags}\`: ${help}`)
}
