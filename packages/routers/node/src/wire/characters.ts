/** Says of each of the 256 characters that a byte can be whether it belongs to a set. */
export type CharacterSet = Readonly<Uint8Array>

function charactersOf(belongs: (code: number) => boolean): CharacterSet {
  return Uint8Array.from({ length: 256 }, (_, code) => (belongs(code) ? 1 : 0))
}

const PUNCTUATION_OF_TOKENS = new Set("!#$%&'*+-.^_`|~")

/** Names of methods and headers (RFC 9110 section 5.6.2). */
export const TOKEN: CharacterSet = charactersOf((code) => {
  const character = String.fromCodePoint(code)
  return /^[0-9A-Za-z]$/.test(character) || PUNCTUATION_OF_TOKENS.has(character)
})

/** Values of headers: what can be seen, blanks, and bytes beyond ASCII. No other control character. */
export const FIELD_TEXT: CharacterSet = charactersOf(
  (code) => code === 0x09 || (code >= 0x20 && code !== 0x7f),
)

/** Request targets: what can be seen of ASCII. A fragment is no part of one. */
export const TARGET: CharacterSet = charactersOf(
  (code) => code > 0x20 && code < 0x7f && code !== 0x23,
)

/** Whether all characters of `text` from `from` up to `to` belong to the set. */
export function isAll(set: CharacterSet, text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (set[text.charCodeAt(i)] !== 1) return false
  return true
}
