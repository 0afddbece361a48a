export {
  approve,
  bake,
  blueGreen,
  boundRate,
  canary,
  compareRates,
  compareSamples,
  defineStrategy,
  hook,
  judge,
  mirror,
  rolling,
  route,
  weight,
} from '@changeover/engine'
export { type Agent, type AgentOptions, startAgent } from './agent/agent.ts'
export { type CliErrorCode, ERROR_CODES } from './error-codes.ts'
export { runAgent, type RunAgentOptions } from './agent/run-agent.ts'
export type { LogSink } from './agent/agent-logger.ts'
export {
  type ChangeoverConfig,
  defineConfig,
  type HttpConfig,
  type MetricsConfig,
  type MigrationsConfig,
  type NotifierConfig,
  type RouterConfig,
  type SecretConfig,
  type ServiceConfig,
  type ServiceRouterConfig,
  type StoreConfig,
  type StrategyConfig,
  type TlsFilesConfig,
} from './config/config.ts'
export type { IndicatorConfig, JudgeConfig, StepConfig } from './config/step-config.ts'
