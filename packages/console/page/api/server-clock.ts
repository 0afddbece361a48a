/** Time as the server tells it, so that what is left is right on a machine whose clock is wrong. */
export interface ServerClock {
  now(): number
  /** Takes the `date` header of an answer, which tells whole seconds. */
  note(date: string | null): void
}

/** Less is within what a header of whole seconds can tell. */
const noticeableMs = 2500

export function createServerClock(): ServerClock {
  let aheadMs = 0
  return {
    now: () => Date.now() + aheadMs,
    note: (date) => {
      const difference = Date.parse(date ?? '') + 500 - Date.now()
      if (!Number.isNaN(difference)) aheadMs = Math.abs(difference) < noticeableMs ? 0 : difference
    },
  }
}
