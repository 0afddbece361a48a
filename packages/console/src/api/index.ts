export type { ConsoleEventMap, RolloutEventMap } from './events.ts'
export { paths } from './paths.ts'
export type {
  CommandRequest,
  DeployRequest,
  ErrorAnswer,
  RollbackRequest,
  RolloutCommandRequest,
  SignInRequest,
} from './requests.ts'
export type {
  ActorView,
  AgentView,
  AuditEntry,
  AuditVerificationView,
  GateView,
  InstanceCounts,
  InstanceView,
  JournalPage,
  MigrationReportView,
  PlanView,
  PoolView,
  ReleaseView,
  Role,
  RolloutStatus,
  RolloutSummaryView,
  RolloutView,
  ServiceView,
  StepView,
  TrafficView,
  VerificationView,
} from './views.ts'
