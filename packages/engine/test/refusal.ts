import { ChangeoverError } from '@changeover/engine'

/** What a call was refused with. Throws where it was not refused, or by something else. */
export function refusalOf(call: () => unknown): ChangeoverError {
  try {
    call()
  } catch (error) {
    if (error instanceof ChangeoverError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
