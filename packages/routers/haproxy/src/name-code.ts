const PLAIN = /[A-Za-z0-9_]/
const ENCODED = /^(?:[A-Za-z0-9_]|\.[0-9a-f]{2})*$/

/** The longest name that is sent to HAProxy, after encoding. */
const LONGEST_NAME = 120

/**
 * A name in letters, digits, `_` and `.`, which mean nothing to HAProxy's configuration, commands and expressions; every
 * other byte is written as `.` and two hexadecimal digits. Whatever is encoded, {@link decodeName} gives back.
 */
export function encodeName(name: string): string {
  return Array.from(Buffer.from(name), (byte) => {
    const char = String.fromCodePoint(byte)
    return PLAIN.test(char) ? char : `.${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

/** What {@link encodeName} was given; undefined for what it never made. */
export function decodeName(code: string): string | undefined {
  if (!ENCODED.test(code)) return undefined
  const percents = code.replaceAll('.', '%')
  try {
    return decodeURIComponent(percents)
  } catch {
    return undefined
  }
}

/** Whether a name survives the way there and back, and is short enough. */
export function isNameable(name: string): boolean {
  const code = encodeName(name)
  return name.length > 0 && code.length <= LONGEST_NAME && decodeName(code) === name
}
