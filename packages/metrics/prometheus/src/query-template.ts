/** What the placeholders of a query stand for. */
export interface QueryValues {
  readonly service: string
  readonly release: string
  readonly windowMs: number
  /** Undefined where the judge gave no bound. */
  readonly overMs: number | undefined
}

/** Strings, so that splitting by it leaves them at the odd places. In backquotes they know no escapes. */
const STRING_PARTS = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/
const PLACEHOLDER = /\$(\w+)/g
const KNOWN = new Set(['service', 'release', 'window', 'over'])

/** Why a query cannot be filled in safely, or undefined where it can. */
export function templateProblem(template: string): string | undefined {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
  const unknown = names.find((name) => !KNOWN.has(name))
  if (unknown !== undefined) return `there is no placeholder $${unknown}`
  const parts = template.split(STRING_PARTS)
  const strings = parts.filter((_, i) => i % 2 === 1)
  const outside = parts.filter((_, i) => i % 2 === 0).join('')
  if (outside.includes('#')) return 'comments are not accepted'
  if (strings.some((text) => text.startsWith('`') && text.includes('$')))
    return 'a placeholder stands in backquotes, where nothing can be escaped'
  if (/\$(service|release)\b/.test(outside))
    return '$service and $release belong in quotes, as in {release="$release"}'
  if (strings.some((text) => text.includes('$window')))
    return '$window belongs outside of quotes, as in [$window]'
  if (names.includes('release')) return undefined
  return 'it does not ask for one $release, so it would judge all of them at once'
}

/** Whether the query needs a bound to be filled in. */
export function needsBound(template: string): boolean {
  return /\$over\b/.test(template)
}

/**
 * The query with values for its placeholders. Whatever a value holds, it stays one string, and stands for itself in a
 * regular expression too.
 */
export function fillTemplate(template: string, values: QueryValues): string {
  const { service, release, windowMs, overMs = Number.NaN } = values
  const texts: Readonly<Record<string, string>> = {
    service,
    release,
    over: String(overMs / 1000),
    window: `${Math.max(1, Math.round(windowMs))}ms`,
  }
  const parts = template.split(STRING_PARTS)
  const filled = parts.map((part, i) => {
    const quote = quoting(i % 2 === 1, parts[i - 1] ?? '')
    return part.replaceAll(PLACEHOLDER, (_, name: string) => quote(texts[name] ?? ''))
  })
  return filled.join('')
}

function quoting(isString: boolean, before: string): (value: string) => string {
  if (!isString) return (value) => value
  const isPattern = /[=!]~\s*$/.test(before)
  return (value) => escapeString(isPattern ? escapeRegExp(value) : value)
}

function escapeRegExp(value: string): string {
  return value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

/** By code points, which PromQL reads in both kinds of quotes; it refuses either quote's escape in the other. */
function escapeString(value: string): string {
  return value.replaceAll(/["'`\\\p{Cc}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0
    return String.raw`\u${code.toString(16).padStart(4, '0')}`
  })
}
