export { type NodeRouter, nodeRouter } from './node-router.ts'
export type { LimitOptions, ListenerOptions, NodeRouterOptions, TimeoutOptions } from './options.ts'
export { ERROR_CODES, type RouterErrorCode } from './router-error.ts'
export { SLOW_BOUNDS_MS } from './traffic.ts'
