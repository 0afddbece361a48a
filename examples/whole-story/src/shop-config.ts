import { fileURLToPath } from 'node:url'

const APP = fileURLToPath(new URL('app.js', import.meta.url))
const CONTRACTS = fileURLToPath(new URL('../contracts', import.meta.url))

export const SERVICE = 'shop'
export const REPLICAS = 4
/** The release whose answers take too long. */
export const SLOW = '3.0.0'
/** The gate that waits for a person. */
export const GATE = 'go'

/** How the shop is deployed next. */
export type Way = 'rolling' | 'canary' | 'blueGreen'

/** Where everything is. */
export interface Places {
  /** Each instance adds a line for each request that it executes: the request's id. */
  readonly executions: string
  readonly migrations: string
  readonly shopPort: number
  readonly consolePort: number
}

const STRATEGIES: Readonly<Record<Way, unknown>> = {
  rolling: { rolling: { maxSurge: 1, maxUnavailable: 1, minReady: '500ms' } },
  canary: {
    canary: {
      steps: [
        { weight: 10 },
        {
          judge: {
            indicators: { slow: { compareRates: { over: '200ms' } } },
            every: '500ms',
            deadline: '30s',
          },
        },
        { weight: 50 },
        { bake: '5s' },
      ],
    },
  },
  blueGreen: { blueGreen: { steps: [{ approve: GATE }], keepOld: '1m' } },
}

/** What `changeover.config.json` says. Pure. */
export function shopConfig(
  way: Way,
  phase: 'expand' | 'contract',
  { executions, migrations, shopPort, consolePort }: Places,
): string {
  const shop = {
    command: [process.execPath, APP, executions, SLOW],
    inherit: ['SHOP_DATABASE'],
    replicas: REPLICAS,
    port: shopPort,
    readiness: { every: '100ms' },
    strategy: STRATEGIES[way],
    migrations: {
      directory: migrations,
      contracts: CONTRACTS,
      database: 'SHOP_DATABASE',
      phases: [phase],
    },
  }
  const config = {
    services: { [SERVICE]: shop },
    http: { port: consolePort },
    leaseTtl: '3s',
    logLevel: 'warn',
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
