import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closeFrame, frameReader, frameWay } from '../src/web-socket-frames.ts'

/** A frame with a payload of `size` bytes that look like headers themselves. */
function frame(opcode: number, size: number, masked: boolean, long = 0): Buffer {
  const form = Math.max(long, size < 126 ? 0 : size < 65_536 ? 1 : 2)
  const length = Buffer.alloc([0, 2, 8][form] ?? 0)
  if (form === 1) length.writeUInt16BE(size)
  if (form === 2) length.writeBigUInt64BE(BigInt(size))
  const short = [size, 126, 127][form] ?? 0
  const head = Buffer.from([0x80 | opcode, (masked ? 0x80 : 0) | short])
  return Buffer.concat([head, length, Buffer.alloc(masked ? 4 : 0, 0x88), Buffer.alloc(size, 0x88)])
}

const someFrame = fc
  .record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    size: fc.oneof(fc.nat(10), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000)),
    masked: fc.boolean(),
    long: fc.nat(2),
  })
  .map(({ opcode, size, masked, long }) => frame(opcode, size, masked, long))
const someFrames = fc.array(someFrame, { maxLength: 8 })

/** The same bytes in pieces, cut where `cuts` say. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}

const FAREWELL = closeFrame(1001, false)

describe('a direction of a WebSocket', () => {
  test('passes everything on as it is, wherever it is cut, and knows where frames end', () => {
    fc.assert(
      fc.property(someFrames, fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
        const way = frameWay()
        const sent = Buffer.concat(frames)
        const passed = pieces(sent, cuts).map((piece) => way.pass(piece))
        expect(Buffer.concat(passed).equals(sent)).toBe(true)
        expect([way.shut, way.closed]).toEqual([false, false])
        expect(way.close(FAREWELL).equals(FAREWELL)).toBe(true)
      }),
    )
  })

  test('ends with a Close frame of the router’s at the first boundary, and nothing comes after it', () => {
    fc.assert(
      fc.property(
        someFrames,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.nat(),
        (frames, cuts, turn) => {
          const way = frameWay()
          const sent = Buffer.concat(frames)
          const all = pieces(sent, cuts)
          const asked = turn % (all.length + 1)
          const received: Buffer[] = []
          let before = 0
          for (const [i, piece] of [...all, Buffer.alloc(0)].entries()) {
            if (i === asked) received.push(way.close(FAREWELL))
            if (i < asked) before += piece.length
            received.push(way.pass(piece))
          }
          const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length)
          const boundary = [0, ...ends].find((end) => end >= before) ?? 0
          const expected = Buffer.concat([sent.subarray(0, boundary), FAREWELL])
          expect(Buffer.concat(received).equals(expected)).toBe(true)
          expect(way.shut).toBe(true)
        },
      ),
    )
  })

  test('that its sender closes passes that on, drops the rest, and is closed only once', () => {
    const way = frameWay()
    const close = frame(8, 2, true)
    const passed = way.pass(Buffer.concat([frame(1, 5, true), close, frame(1, 5, true)]))
    expect(passed.equals(Buffer.concat([frame(1, 5, true), close]))).toBe(true)
    expect([way.shut, way.closed]).toEqual([true, true])
    expect(way.close(FAREWELL)).toHaveLength(0)
    expect(way.pass(frame(1, 5, true))).toHaveLength(0)
  })

  test('sees the Close frame of its sender behind the router’s own', () => {
    const way = frameWay()
    way.pass(frame(1, 200, false).subarray(0, 100))
    expect(way.close(FAREWELL)).toHaveLength(0)
    way.pass(frame(1, 200, false).subarray(100))
    expect([way.shut, way.closed]).toEqual([true, false])
    expect(way.pass(Buffer.concat([frame(1, 3, false), frame(8, 2, false)]))).toHaveLength(0)
    expect(way.closed).toBe(true)
  })
})

describe('a reader of frames', () => {
  test('takes no byte of a payload for a header', () => {
    const reader = frameReader()
    const bytes = frame(2, 70_000, true)
    expect(reader.read(bytes, 0)).toBe(bytes.length)
    expect([reader.boundary, reader.closed]).toEqual([true, false])
  })

  test('waits for a frame of any length that it is told', () => {
    const reader = frameReader()
    reader.read(Buffer.from([0x82, 127, 0, 0x1f, 255, 255, 255, 255, 255, 255, 1]), 0)
    expect(reader.boundary).toBe(false)
  })
})
