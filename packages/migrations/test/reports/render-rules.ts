import type { FindingClass, RuleTexts, Verdict } from '@changeover/migrations'

/** What a case of the tests expects of a rule. */
export interface RuleCase {
  readonly rule: string
  readonly verdict: Verdict
  readonly classes: readonly FindingClass[]
}

/** Rules that belong together, with the cases that show them. */
export interface RuleGroup {
  readonly title: string
  readonly texts: RuleTexts
  readonly cases: readonly RuleCase[]
}

const INTRODUCTION = `# Migration rules

What \`@changeover/migrations\` looks for. Each rule says what a statement does to those who are running, why, and the sequence
that does the same without harm; reports fill the names in braces with your own. A finding is \`unsafe\`, \`unknown\` (refused as
well) or a note; \`compat\` breaks a release that runs, \`lock\` keeps its queries waiting while the server works through a table,
\`data\` loses or spoils rows. What a rule was found as in the tests of this package stands beside it: more than one where it
depends on the schema, the server's version or the rest of the transaction. Rules with nothing to advise are in the tables
only. Where the queries of a release are known, \`compat\` becomes a verdict about that release.

An exception is a comment before the statement, with a reason and an end:

\`\`\`sql
-- changeover: ignore create-index-blocking until 2027-01-31 because the table has 200 rows
CREATE INDEX users_city ON users (city);
\`\`\`

This file is written by the test suite from the rules: \`npx vitest run packages/migrations/test/reports --update\`.
`

/** The text of docs/migration-rules.md. */
export function renderRules(groups: readonly RuleGroup[]): string {
  return [INTRODUCTION, ...groups.flatMap(renderGroup)].join('\n')
}

function renderGroup({ title, texts, cases }: RuleGroup): string[] {
  const rules = Object.entries(texts).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const rows = rules.map(([id, text]) => [`\`${id}\``, cell(text.title), foundAs(id, cases)])
  const advised = rules.filter(([, { fix }]) => fix !== '-')
  const sections = advised.map(
    ([id, { message, why, fix }]) =>
      `### ${id}\n\n${plain(message)}\n${plain(why)}\n\n\`\`\`sql\n${fix}\n\`\`\`\n`,
  )
  return [`## ${title}\n`, table(['rule', 'what it is about', 'found as'], rows), ...sections]
}

/** Padded, as the formatter of this repository wants it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return `${[head, rule, ...rows].map(line).join('\n')}\n`
}

/** Such as `unsafe: compat, lock; note`. */
function foundAs(id: string, cases: readonly RuleCase[]): string {
  const name = id.replace(/^.*\//, '')
  const own = cases.filter(({ rule }) => rule === name)
  const words = own.map(({ verdict, classes }) => {
    const mark = verdict === 'safe' ? 'note' : verdict
    return classes.length === 0 ? mark : `${mark}: ${classes.toSorted().join(', ')}`
  })
  return [...new Set(words)].toSorted().toReversed().join('; ')
}

function cell(text: string): string {
  return plain(text).replaceAll('|', '\\|')
}

/** Placeholders as code, so that Markdown leaves their underscores alone. */
function plain(text: string): string {
  return text.replaceAll(/\{(\w+)\}/g, '`{$1}`')
}
