export { checkOptions, type OptionHelp, portSchema } from './check-options.ts'
export {
  capacity,
  type Capacity,
  type CapacityRequest,
  type ReplicaSplitRequest,
  type Share,
  splitReplicas,
} from './capacity.ts'
export { type CohortRequest, inCohort } from './cohort.ts'
export {
  compareRates,
  type Counts,
  type RateJudge,
  type RateLimits,
  type RateSample,
  type RateVerdict,
} from './compare-rates.ts'
export { createEngine, type Engine } from './engine.ts'
export type { StartRequest } from './start-request.ts'
export type { EngineOptions } from './engine-options.ts'
export type { Gate } from './gate.ts'
export type { Hook, HookContext } from './hook.ts'
export { memoryFleet, type MemoryFleet, type MemoryFleetOptions } from './memory-fleet.ts'
export { memoryRouter, type MemoryRouterOptions } from './memory-router.ts'
export { rolling, type RollingOptions } from './rolling.ts'
export type { Rollout, RolloutEnd } from './rollout.ts'
export {
  foldJournal,
  type InstancePhase,
  type InstanceState,
  type LostInstance,
  type RolloutState,
} from './rollout-state.ts'
export {
  defineStrategy,
  type Strategy,
  type StrategyContext,
  type StrategyPlan,
} from './strategy.ts'
export { ChangeoverError, refuse } from './changeover-error.ts'
export type { Clock } from './clock.ts'
export { type Duration, toMs } from './duration.ts'
export { type ErrorCode, type ErrorDetails, ERROR_CODES } from './error-codes.ts'
export type { Fence, Lease } from './fence.ts'
export { fileStore, type FileStoreOptions } from './file-store.ts'
export type { Fleet, InstanceExit, LaunchRequest, Readiness, StopReport } from './fleet.ts'
export type { Instance } from './instance.ts'
export {
  chainEntry,
  chainProblem,
  type Direction,
  type Entry,
  type EntryBody,
  GENESIS_HASH,
  JOURNAL_VERSION,
} from './journal.ts'
export type { StoreLogger } from './journal-folder.ts'
export { memoryStore, type MemoryStoreOptions } from './memory-store.ts'
export type { Metrics, MetricsQuery, Samples } from './metrics.ts'
export type {
  MigrationGuard,
  MigrationPhase,
  MigrationReport,
  MigrationRequest,
} from './migration-guard.ts'
export type { Notifier } from './notifier.ts'
export type { Outcome } from './outcome.ts'
export type { Plan, PlannedCapacity } from './plan.ts'
export type { Pool } from './pool.ts'
export type { ReadinessCheck, Release } from './release.ts'
export type { RolloutOutcome } from './rollout-outcome.ts'
export {
  checkRouteTable,
  FULL_WEIGHT,
  proportionalWeights,
  type RouteTable,
  routesAlike,
} from './route-table.ts'
export type {
  CallOptions,
  DrainReport,
  ObservedRoutes,
  Proof,
  ProofLevel,
  Receipt,
  ReleaseTraffic,
  Router,
  RouterCapabilities,
  TrafficSample,
  Unsubscribe,
  WaitOptions,
} from './router.ts'
export type { Service } from './service.ts'
export type {
  Criterion,
  DrainPolicy,
  DrainSettings,
  ReadinessSettings,
  Step,
  StepName,
  Window,
} from './step.ts'
export type { RolloutFilter, RolloutSummary, Store } from './store.ts'
export { systemClock } from './system-clock.ts'
export type { Verdict, VerdictOutcome } from './verdict.ts'
export { onAbort } from './on-abort.ts'
