import type { Endpoint } from '../http/endpoint.ts'
import { consoleEndpoints } from './console-endpoints.ts'
import type { ConsoleParts } from './console-parts.ts'
import { rolloutCommands } from './rollout-commands.ts'
import { rolloutReads } from './rollout-reads.ts'
import { serviceEndpoints } from './service-endpoints.ts'

/** The whole API. `docs/api.md` is generated from it. */
export function endpointsOf(parts: ConsoleParts): Endpoint[] {
  return [
    ...serviceEndpoints(parts),
    ...rolloutReads(parts),
    ...rolloutCommands(parts),
    ...consoleEndpoints(parts),
  ]
}
