export { haproxyConfig } from './config.ts'
export { type HaproxyRouter, haproxyRouter } from './haproxy-router.ts'
export type {
  HaproxyConfigOptions,
  HaproxyRouterOptions,
  ServiceOptions,
  ServiceTimeouts,
  SocketOption,
} from './options.ts'
export { ERROR_CODES, type RouterErrorCode } from './router-error.ts'
