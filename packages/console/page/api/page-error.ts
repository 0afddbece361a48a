/** A refusal of the server, or no answer at all: its code, what it says, and what to do. */
export interface PageError {
  readonly code: string
  readonly message: string
  readonly status: number
}

/** What came of a request: an answer, or why there is none. Never throws. */
export type Result<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: PageError }

/** Reads the body of an answer that is no success. */
export function errorOf(status: number, body: unknown): PageError {
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
  const { code, message } = error
  return {
    status,
    code: typeof code === 'string' ? code : `HTTP ${status}`,
    message:
      typeof message === 'string' ? message : 'The server did not say why. Its log may know more.',
  }
}

/** The server could not be reached. */
export function unreachable(): PageError {
  return {
    status: 0,
    code: 'UNREACHABLE',
    message:
      'The server does not answer. Nothing was changed as far as this page knows; it tries again by itself.',
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
