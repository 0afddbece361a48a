import { seededRandom } from './seeded-random.ts'

/** What ends, quotes, nests or expands something in one configuration language or another, and what no text should hold. */
const HOSTILE: readonly string[] = [
  `"`,
  `'`,
  '`',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ';',
  '#',
  '$host',
  '${x}',
  '%[src]',
  '{env.HOME}',
  '\\',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\0',
  '\u007F',
  '\u001B[2J',
  'é',
  '\u{1F600}',
  '\u2028',
  '\uD800',
  '../',
  '/etc/passwd',
  '*',
  '?',
  '~',
  '|',
  '&',
  '<',
  '>',
  '=',
  ',',
  ':',
  '@1',
  '!',
  '--',
  '__proto__',
]

/** What would change a router that believes it to be part of its configuration. */
const ATTACKS: readonly string[] = [
  `"; return 444; #`,
  `' } } server { listen 8; location / { return 444`,
  '\n  use_backend stolen if TRUE\n',
  '; shutdown sessions server x/y; set weight x/y 0',
  '\nserver stolen 127.0.0.1:1 weight 256\n',
  '"},{"handler":"static_response","status_code":444',
  '/../../config',
  '$(reboot)',
  'constructor',
]

const LONG = 70_000

/** Bytes that many a check lets through, so that no other one hides what they do. */
const PRINTABLE = /^[ -~]+$/

/**
 * Texts that no configuration survives as they are: each hostile piece and each attack in one of them at least, and so many
 * drawn at random, the same for a seed.
 */
export function hostileTexts(count: number, seed: number): readonly string[] {
  const random = seededRandom(seed)
  const drawn = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  const mixed = Array.from({ length: count }, () => `x${drawn(HOSTILE)}${drawn(ATTACKS)}`)
  const whole = [HOSTILE, ATTACKS].flatMap((from) => [joined(from, true), joined(from, false)])
  return [...whole, ...mixed, '', '..', 'constructor', 'x'.repeat(LONG)]
}

function joined(pieces: readonly string[], printable: boolean): string {
  return pieces.filter((piece) => PRINTABLE.test(piece) === printable).join('')
}

/** Values that a client can send and that say more than themselves in some language or other, each with one hostile piece. */
export const ODD_VALUES: readonly string[] = HOSTILE.filter((piece) => PRINTABLE.test(piece)).map(
  (piece) => `x${piece}x`,
)

/** Those of them that a cookie can have (RFC 6265, section 4.1.1). */
export const ODD_COOKIES: readonly string[] = ODD_VALUES.filter((value) => !/[\s",;\\]/.test(value))
