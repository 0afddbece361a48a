import { CLOSING, LATE_RELEASE, NO_ROOM, type Refusal } from './refusal.ts'

/** A request that waits. Exactly one of the two is called, unless it leaves before. */
export interface Guest {
  go(): void
  refuse(refusal: Refusal): void
}

/** How many requests wait at most, and each of them for how long. */
export interface HoldLimits {
  readonly limit: number
  readonly deadlineMs: number
}

/** Where new requests wait while a service is on hold. */
export interface WaitingRoom {
  readonly held: boolean
  readonly waiting: number
  /** Lets `guest` wait, or refuses it at once where there is no room. Returns how it leaves: nothing is called then. */
  enter(guest: Guest): () => void
  /** From now on requests wait. Where they do already, the new limits are for those that come now. */
  hold(limits: HoldLimits): void
  /** Lets all go, in the order in which they came. Returns how many those were. */
  release(): number
  /** Refuses all, and holds nothing any more. */
  close(): void
}

/** An empty room; nothing is held. */
export function waitingRoom(): WaitingRoom {
  const guests = new Map<Guest, NodeJS.Timeout>()
  let limits: HoldLimits | undefined

  const leave = (guest: Guest): boolean => {
    clearTimeout(guests.get(guest))
    return guests.delete(guest)
  }

  const empty = (dismiss: (guest: Guest) => void): number => {
    limits = undefined
    const all = [...guests.keys()]
    for (const guest of all) if (leave(guest)) dismiss(guest)
    return all.length
  }

  return {
    get held() {
      return limits !== undefined
    },
    get waiting() {
      return guests.size
    },
    enter(guest) {
      if (!limits || guests.size >= limits.limit) {
        guest.refuse(NO_ROOM)
        return () => undefined
      }
      const late = setTimeout(() => leave(guest) && guest.refuse(LATE_RELEASE), limits.deadlineMs)
      guests.set(guest, late)
      return () => void leave(guest)
    },
    hold: (next) => void (limits = next),
    release: () => empty((guest) => guest.go()),
    close: () => void empty((guest) => guest.refuse(CLOSING)),
  }
}
