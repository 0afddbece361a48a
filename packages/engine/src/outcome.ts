/**
 * What became of a request to change something outside.
 *
 * - `applied`: the system took it. Not yet: every request follows it (that is `converge`).
 * - `rejected`: it was refused, and the old state is proven to be in force.
 * - `indeterminate`: nobody knows; observe before anything else.
 * - `unreachable`: the system was not there; nothing was sent.
 */
export type Outcome = 'applied' | 'rejected' | 'indeterminate' | 'unreachable'
