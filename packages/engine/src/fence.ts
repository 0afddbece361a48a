/** Number that grows with every lease; a write with an older fence changes nothing. */
export type Fence = number

/** The right to lead one service for a while. */
export interface Lease {
  readonly service: string
  readonly holder: string
  readonly fence: Fence
  /** Milliseconds since the epoch, by the store's clock. */
  readonly expiresAt: number
}
