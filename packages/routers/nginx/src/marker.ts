import { parseJson } from './stored.ts'

/** What a worker of nginx says of the configuration that it runs with. */
export interface Marker {
  readonly digest: string
  readonly revision: number
  readonly fence: number
  /** Its pid. */
  readonly worker: number
  /** In mode `file`: whether the flag is set, as this worker sees it. */
  readonly switched: boolean
  /** nginx's own, such as `1.22.1`. */
  readonly version: string
}

/** Reads a marker of `service`; undefined where the text is none, or of another service. */
export function parseMarker(service: string, text: string): Marker | undefined {
  const found = parseObject(text)
  if (found?.['service'] !== service) return undefined
  const { digest, revision, fence, worker, switched, version } = found
  if (typeof digest !== 'string' || typeof worker !== 'number') return undefined
  if (typeof revision !== 'number' || typeof fence !== 'number') return undefined
  return { digest, revision, fence, worker, switched: switched === 'yes', version: String(version) }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}
