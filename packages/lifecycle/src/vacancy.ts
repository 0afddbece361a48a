import { createOccurrence } from './occurrence.ts'

/** Tells when a collection has become empty. */
export interface Vacancy {
  /** Something left the collection. */
  readonly left: () => void
  /** Resolves when it is empty. */
  readonly empty: () => Promise<void>
}

/** `size` tells how many there are. */
export function createVacancy(size: () => number): Vacancy {
  let emptied = createOccurrence()
  return {
    left: () => {
      if (size() === 0) emptied.happen()
    },
    empty: async () => {
      while (size() > 0) {
        emptied = createOccurrence()
        await emptied.happened
      }
    },
  }
}
