/**
 * A pattern of RE2 for the values of one header that are exactly `value`; for any value where none is asked for. Nothing in a
 * value has a meaning in it: a header matcher of Caddy would read `*` and `{placeholders}` in it.
 */
export function headerPattern(value: string | undefined): string {
  return value === undefined ? '' : `^${literal(value)}$`
}

/**
 * A pattern of RE2 for the Cookie headers in which the first cookie called `name` is exactly `value`, with or without
 * quotes around it; or in which there is one, where no value is asked for. `undefined` where no cookie can have the value.
 *
 * `name` is a token (RFC 9110), so it holds neither a blank nor `=` nor `;`.
 */
export function cookiePattern(name: string, value?: string): string | undefined {
  const others = `^(?:${BLANKS}${notNamed(name.split(''))};)*`
  const named = `${others}${BLANKS}${literal(name)}${BLANKS}=`
  if (value === undefined) return named
  const forms = valueForms(value)
  return forms.length === 0 ? undefined : `${named}${BLANKS}(?:${forms.join('|')})${BLANKS}(?:;|$)`
}

const BLANKS = '[ \\t]*'

/**
 * The rest of a pair that is not a pair of this name. RE2 cannot look ahead, so the name is left letter by letter: at each one
 * the pair ends, or goes on with another letter, or with this one and then leaves the name later.
 */
function notNamed(letters: readonly string[]): string {
  const beyond = '[ \\t]*(?:[^;= \\t][^;]*)?'
  return letters.reduceRight((rest, letter, i) => {
    const blanks = i === 0 ? ' \\t' : ''
    return `(?:[^;${blanks}${literal(letter)}][^;]*|${literal(letter)}${rest})?`
  }, beyond)
}

/** How a cookie may be written that has the value: blanks and quotes around it are no part of it. */
function valueForms(value: string): string[] {
  if (value.includes(';')) return []
  const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  const trimmed = !/^[ \t]|[ \t]$/.test(value)
  return [`"${literal(value)}"`, ...(quoted || !trimmed ? [] : [literal(value)])]
}

/** Letters and digits mean themselves; so does all that is beyond ASCII. */
function literal(text: string): string {
  // Half a character cannot be sent, neither in a header nor in JSON.
  const whole = Buffer.from(text).toString()
  return whole.replaceAll(/[^0-9A-Za-z\u0080-\u{10FFFF}]/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
