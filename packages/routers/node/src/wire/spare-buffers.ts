import type { Writable } from 'node:stream'

/** As long as the longest read. */
export const READ_BYTES = 65_536

/** More are left to the garbage collector. */
const MAX_SPARE = 64

const spare: Buffer[] = []

/**
 * Writes a copy of `bytes` from `from` up to `to`, at most {@link READ_BYTES} of them. The copy's memory is used again
 * once it was written: a long body would otherwise leave much of itself behind as garbage.
 */
export function writeCopy(into: Writable, bytes: Buffer, from: number, to: number): void {
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
  const length = bytes.copy(memory, 0, from, to)
  into.write(memory.subarray(0, length), (error) => {
    // After an error nobody knows who still reads it.
    if (!error && spare.length < MAX_SPARE) spare.push(memory)
  })
}
