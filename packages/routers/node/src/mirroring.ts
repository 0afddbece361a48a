import type { Readable } from 'node:stream'

/** Takes a copy of a body while that goes on to where it was meant for. */
export type BodyCopy = (body: Readable) => void

/** What copies may cost. */
export interface MirrorLimits {
  /** Copies on their way at once; those beyond are not made. */
  readonly inFlight: number
  /** Bytes of a body; a request with a longer one is not copied. */
  readonly bytes: number
  /** Methods that are copied. */
  readonly methods: ReadonlySet<string>
}

/** What became of copies since the router started. */
export interface CopyCounts {
  /** Sent to an instance. */
  readonly sent: number
  /** Not sent, or not answered, through no fault of an instance: too many at once, too long, or a stale connection. */
  readonly dropped: number
}

/** The copies of one service. */
export interface Mirroring {
  readonly limits: MirrorLimits
  sent: number
  dropped: number
  /** Those under way, their bodies still coming in included. */
  inFlight: number
}

/** Nothing copied yet. */
export function mirroring(limits: MirrorLimits): Mirroring {
  return { limits, sent: 0, dropped: 0, inFlight: 0 }
}
