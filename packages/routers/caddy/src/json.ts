/** A value as Caddy's configuration has it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** An object as Caddy's configuration has it. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  const whole = typeof value === 'object' && value !== null
  return whole ? Object.fromEntries(Object.entries(value)) : {}
}

/** What a text says as JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
