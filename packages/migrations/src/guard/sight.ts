/**
 * What the catalog says about a statement.
 *
 * - `done`: what it makes is there, or what it takes away is gone
 * - `absent`: it is not, and may be run
 * - `unknown`: the catalog does not tell
 * - `invalid`: half of it is there; `repair` has to be run first
 * - `rest`: half of it is there; `repair` does the rest
 * - `busy`: somebody else is doing it now
 */
export type Sight =
  | { readonly sees: 'done' | 'absent' | 'unknown' | 'busy' }
  | { readonly sees: 'invalid' | 'rest'; readonly repair: readonly string[] }
