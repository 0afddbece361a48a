/** What went wrong with a call to the database, without anything that the connection was made from. */
export interface Failure {
  /** SQLSTATE of the server, or the code of the network. Undefined where neither said one. */
  readonly state: string | undefined
  readonly problem: string
  /** Whether the same call may be answered in a moment. */
  readonly passing: boolean
}

/**
 * States that pass: connections and servers that end or begin (08, 57P), a standby that is not the primary any more or not
 * yet (25006), too many connections, transactions that met each other, time that ran out.
 */
const PASSING = /^(?:08...|57P0[1-3]|25006|53300|53400|40001|40P01|55P03|57014|25P0[23])$/

/** Reads what `pg` threw. Whatever has no SQLSTATE comes from the way there, and passes. Pure. */
export function readFailure(error: unknown): Failure {
  const code = textOf(error, 'code')
  const state = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
  return {
    state: code,
    problem: problemOf(error),
    passing: state === undefined || isNetwork(state) || PASSING.test(state),
  }
}

/** A cause without the fields of the original, some of which quote the URL that was given. */
export function cleanCause({ state, problem }: Failure): Error {
  return Object.assign(new Error(problem), state === undefined ? {} : { code: state })
}

/** Codes of Node such as EPIPE have five letters, too. */
function isNetwork(state: string): boolean {
  return /^E[A-Z]{4}$/.test(state)
}

function problemOf(error: unknown): string {
  // One error for each address that was tried.
  if (error instanceof AggregateError)
    return [...new Set(error.errors.map((one) => problemOf(one)))].join('; ')
  const message = textOf(error, 'message')
  return withoutPasswords(message || textOf(error, 'code') || 'no reason given')
}

/** Of URLs in a message. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^\s/@]*@/g, '$1…@')
}

function textOf(error: unknown, field: string): string | undefined {
  const value = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined
  return typeof value === 'string' ? value : undefined
}
