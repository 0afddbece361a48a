import type {
  BrokenByStep,
  ContractProof,
  ProofPlace,
  QueryError,
} from '../check/prove-contract.ts'
import type { Verdict } from '../finding.ts'
import { count, excerpt, indent, visible } from './shown.ts'

/**
 * What {@link proveContract} found, as text for people. No newline at the end. Pure.
 *
 * @example
 * ```ts
 * const proof = await proveContract({ contract, schema, migrations, oracle })
 * console.log(formatProof(proof))
 * ```
 */
export function formatProof(proof: ContractProof): string {
  const { verdict, broken, refused, unproved, unexecuted } = proof
  const parts = [
    ...broken.map(brokenText),
    ...(refused ? [refusedText(refused)] : []),
    ...unproved.map((one) => queryText(UNPROVED, one)),
    ...unexecuted.map((one) => queryText(UNEXECUTED, one)),
  ]
  const found = [
    count(broken.length, 'broken query', 'broken queries'),
    ...(refused ? ['a step refused by the server'] : []),
    ...(unproved.length > 0 ? [`${unproved.length} unproved`] : []),
    ...(unexecuted.length > 0 ? [`${unexecuted.length} proved in part`] : []),
  ]
  return [...parts, `${OUTCOMES[verdict]}: ${found.join(', ')}.`].join('\n\n')
}

const UNPROVED = 'did not run on the schema even before the first step; of it nothing is proved'
const UNEXECUTED =
  'the server understands it, and refuses the values that were made up; what it does to rows is not proved'

const OUTCOMES: Readonly<Record<Verdict, string>> = {
  safe: 'The contract is kept',
  unsafe: 'The contract is broken',
  unknown: 'The contract is not proved to be kept',
}

function brokenText(broken: BrokenByStep): string {
  const { file, line, release, query, when, error, statement } = broken
  const how = when === 'warm' ? 'fails in a statement prepared before' : 'can no longer be run'
  return paragraph(`${file}:${line}  breaks release ${release}: a query ${how}`, [
    ['statement', excerpt(statement)],
    ['query', excerpt(query)],
    ['server', answer(error)],
  ])
}

function refusedText({ file, line, statement, error }: ProofPlace): string {
  return paragraph(`${file}:${line}  the server refuses the step; nothing after it was run`, [
    ['statement', excerpt(statement)],
    ['server', answer(error)],
  ])
}

function queryText(head: string, { query, error }: QueryError): string {
  return paragraph(head, [
    ['query', excerpt(query)],
    ['server', answer(error)],
  ])
}

function answer({ code, message }: ProofPlace['error']): string {
  return `${message} (${code})`
}

function paragraph(head: string, details: readonly (readonly [string, string])[]): string {
  const lines = details.map(([label, text]) => `${label}: ${text}`)
  return visible([head, ...lines.map((line) => indent(line, 2))].join('\n'))
}
