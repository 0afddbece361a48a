/** `scheme://user:password@host`, with a password that is no placeholder of ours. */
const PASSWORD_IN_URL = /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^@\s]+@/i
const SECRET_NAME =
  /(?:password|passwd|passphrase|secret|token|api_?key|private_?key|credentials?)$/i
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whether a text holds a password, as far as one can tell by looking at it. Pure. */
export function holdsPassword(text: string): boolean {
  return PASSWORD_IN_URL.test(text) || text.includes('-----BEGIN ') || /password=\S/i.test(text)
}

/** Whether a variable of this name is meant to hold a secret. Pure. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

export function isVariableName(text: string): boolean {
  return VARIABLE.test(text)
}
