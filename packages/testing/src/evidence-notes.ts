/** Plain data by name. */
export type Measured = Readonly<Record<string, unknown>>

/** How a case tells what it found. */
export interface EvidenceNotes {
  /** Keeps what was measured, and what there may be of it. */
  readonly note: (measured: object, budget?: Readonly<Record<string, number>>) => void
  /** Says what is missing, so that the case or a part of it was not checked. */
  readonly lacks: (what: string) => void
}

/** Notes that nobody reads. */
export const NO_NOTES: EvidenceNotes = { note: () => undefined, lacks: () => undefined }
