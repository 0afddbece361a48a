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
  boundRate,
  type BoundRateCounts,
  type RateBound,
  type RateBoundLimits,
} from './bound-rate.ts'
export {
  compareSamples,
  type CompareSamplesOptions,
  type SampleComparison,
  type SampleLimits,
  samplesNeeded,
} from './compare-samples.ts'
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
export { routerMetrics } from './router-metrics.ts'
export { blueGreen, type BlueGreenOptions, type WatchOptions } from './blue-green.ts'
export { canary, type CanaryOptions } from './canary.ts'
export { type EvidenceRequest, expectedRequests } from './expected-requests.ts'
export { formatPlan } from './plan-text.ts'
export {
  approve,
  type ApproveOptions,
  bake,
  hook,
  type HookOptions,
  judge,
  type JudgeOptions,
} from './gate-steps.ts'
export { rolling, type RollingOptions } from './rolling.ts'
export type {
  CanaryStep,
  GateStep,
  JudgeStep,
  MirrorStep,
  RouteStep,
  RuleKey,
  WeightStep,
} from './strategy-step.ts'
export type { StrategyTimesOptions } from './strategy-times.ts'
export { mirror, route, weight, type WeightOptions } from './traffic-steps.ts'
export type { EventsOptions, Rollout, RolloutCommand, RolloutEnd } from './rollout.ts'
export { foldEntry, foldJournal } from './fold-journal.ts'
export type { InstancePhase, InstanceState, LostInstance, RolloutState } from './rollout-state.ts'
export {
  defineStrategy,
  type Strategy,
  type StrategyContext,
  type StrategyPlan,
} from './strategy.ts'
export { ChangeoverError, refuse } from './changeover-error.ts'
export type { Clock } from './clock.ts'
export { type Duration, toMs } from './duration.ts'
export type { ErrorCode } from './error-code.ts'
export { type ErrorDetails, ERROR_CODES } from './error-codes.ts'
export type { Fence, Lease } from './fence.ts'
export { createFenceCheck } from './fence-check.ts'
export { type FileLockOptions, withFileLock } from './file-lock.ts'
export { fileStore, type FileStoreOptions } from './file-store.ts'
export type {
  Fleet,
  InstanceExit,
  LaunchRequest,
  Readiness,
  StopOptions,
  StopReport,
} from './fleet.ts'
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
export type {
  Indicator,
  IndicatorCheck,
  Metrics,
  MetricsMark,
  MetricsQuery,
  NoData,
  Samples,
} from './metrics.ts'
export type {
  MigrationGuard,
  MigrationPhase,
  MigrationReport,
  MigrationRequest,
} from './migration-guard.ts'
export type { Notifier, NotifyContext } from './notifier.ts'
export type { Outcome } from './outcome.ts'
export type { Plan, PlannedCapacity } from './plan.ts'
export { acceptRouteTable, staleTable } from './accept-table.ts'
export { type Address, formatAddress, parseAddress } from './address.ts'
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
  RouterDrop,
  TrafficSample,
  Unsubscribe,
  WaitOptions,
} from './router.ts'
export type { Service } from './service.ts'
export type { Command, CommandName } from './command.ts'
export type {
  BoundRateCriterion,
  CompareRatesCriterion,
  CompareSamplesCriterion,
  Criterion,
} from './criterion.ts'
export type { Affinity, Mirror, RouteRule } from './route-rule.ts'
export type {
  DrainPolicy,
  DrainSettings,
  OnInconclusive,
  ReadinessSettings,
  ShiftTarget,
  Step,
  StepName,
  Window,
} from './step.ts'
export { expendable } from './retention.ts'
export type { ReadOptions, RolloutFilter, RolloutSummary, Store, StoreChange } from './store.ts'
export {
  isOpen,
  nextClosing,
  nextOpening,
  type OnClose,
  type RolloutWindow,
  type WindowFreeze,
} from './rollout-window.ts'
export type { Weekday, WindowHours } from './window-hours.ts'
export type { FreezeOptions, WindowOptions, WindowWish } from './window-options.ts'
export type { Verification } from './verify.ts'
export { systemClock } from './system-clock.ts'
export type { Verdict, VerdictOutcome } from './verdict.ts'
export { onAbort } from './on-abort.ts'
export { ENTRY_CHANNEL } from './entry-channel.ts'
export { type IndicatorLook, type JudgeLook, LOOK_CHANNEL } from './look-channel.ts'
export { judgeThresholds } from './judge-thresholds.ts'
export { stepText } from './step-text.ts'
export type { MetricsRegistry } from './engine-metrics.ts'
export { METRIC_NAMES, type MetricEntry, type MetricName, METRICS } from './metrics-catalog.ts'
