import { z } from 'zod'
import type { StoredToken } from './access.ts'
import { isActorName } from './actor-name.ts'

/** What a file of tokens holds, or where it is wrong. What it says never holds anything of a hash. */
export type TokenList =
  | { readonly ok: true; readonly tokens: readonly StoredToken[] }
  | { readonly ok: false; readonly place: string; readonly problem: string }

const token = z.strictObject({
  name: z.string().refine(isActorName),
  role: z.enum(['viewer', 'approver', 'operator']),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.number().nonnegative(),
  expiresAt: z.number().positive().exactOptional(),
})

const list = z.strictObject({ version: z.literal(1), tokens: z.array(token) })

const PROBLEMS: Readonly<Record<string, string>> = {
  version: 'it is not 1; a newer version may have written it',
  tokens: 'it is no list',
  name: 'it is no name for the journal',
  role: 'it is none of viewer, approver, operator',
  hash: 'it is no SHA-256',
  createdAt: 'it is no time',
  expiresAt: 'it is no time',
}

/** Reads a file of tokens. Pure. */
export function parseTokenList(text: string): TokenList {
  const value = parseJson(text)
  if (!value.ok) return value
  const result = list.safeParse(value.json)
  if (!result.success) return problemOf(result.error.issues[0])
  const { tokens } = result.data
  const twice = repeated(tokens.map(({ name }) => name.toLowerCase()))
  if (twice >= 0) return bad(`tokens.${twice}.name`, 'another token has it')
  const same = repeated(tokens.map(({ hash }) => hash))
  if (same >= 0) return bad(`tokens.${same}.hash`, 'another token has it')
  return { ok: true, tokens }
}

export function formatTokenList(tokens: readonly StoredToken[]): string {
  return `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`
}

function parseJson(
  text: string,
): { readonly ok: true; readonly json: unknown } | Extract<TokenList, { ok: false }> {
  try {
    const json: unknown = JSON.parse(text)
    return { ok: true, json }
  } catch (error) {
    // The rest of the message quotes the file.
    const at = /at position (\d+)/.exec(String(error))?.[1]
    const line = at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length
    return bad(line === undefined ? 'the file' : `line ${line}`, 'it is no JSON')
  }
}

function problemOf(issue: z.core.$ZodIssue | undefined): TokenList {
  const path = issue?.path ?? []
  const place = path.length === 0 ? 'the file' : path.join('.')
  if (issue?.code === 'unrecognized_keys') return bad(place, 'it has a field that is not known')
  return bad(place, PROBLEMS[String(path.at(-1))] ?? 'it is not as it was written')
}

function repeated(names: readonly string[]): number {
  return names.findIndex((name, index) => names.indexOf(name) < index)
}

function bad(place: string, problem: string): Extract<TokenList, { ok: false }> {
  return { ok: false, place, problem }
}
