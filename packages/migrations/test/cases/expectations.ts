import type { Case } from './case.ts'

type Expectation = Pick<Case, 'verdict' | 'classes'>

export const LOCK: Expectation = { verdict: 'unsafe', classes: ['lock'] }
export const COMPAT: Expectation = { verdict: 'unsafe', classes: ['compat'] }
export const COMPAT_LOCK: Expectation = { verdict: 'unsafe', classes: ['compat', 'lock'] }
export const SAFE: Expectation = { verdict: 'safe', classes: [] }
/** What may be anything. */
export const UNKNOWN: Expectation = { verdict: 'unknown', classes: ['compat', 'lock'] }
/** The server answers with an error. */
export const REFUSED: Expectation & Pick<Case, 'fails'> = { ...COMPAT, fails: true }
