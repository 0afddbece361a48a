/** What went wrong, in the words of an error of any kind. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A system's code such as `ENOENT`; undefined where it has none. */
export function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
