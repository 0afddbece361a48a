/** The calls that leave the engine's process, by port. */
export const ROUTER_CALLS = ['probe', 'observe', 'apply', 'converge', 'drain'] as const
export const FLEET_CALLS = ['launch', 'probe', 'stop', 'list'] as const
export const STORE_CALLS = ['append', 'rollouts', 'lease', 'release'] as const
