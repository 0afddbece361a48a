/**
 * How a rollout ended.
 *
 * - `promoted`: all traffic is on the new release.
 * - `rolled-back`: all traffic is on the release that was there before.
 * - `failed-safe`: neither could be reached; routes are frozen, nothing was stopped, people are told.
 */
export type RolloutOutcome = 'promoted' | 'rolled-back' | 'failed-safe'
