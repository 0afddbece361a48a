/** Follows the frames of one direction of a WebSocket (RFC 6455 section 5.2) without looking into them. */
export interface FrameReader {
  /** Between two frames, or before the first one. */
  readonly boundary: boolean
  /** A whole Close frame was read. */
  readonly closed: boolean
  /** Reads on from `at` to the end of the frame there. Returns where that is, or the length where the frame goes on. */
  read(chunk: Uint8Array, at: number): number
}

const CLOSE = 8

/** A reader at the start of a stream of frames. */
export function frameReader(): FrameReader {
  let seen = 0
  let size = 2
  let lengthBytes = 0
  let left = 0
  let opcode = 0
  let closed = false

  const readHeader = (byte: number): void => {
    if (seen === 0) opcode = byte & 0x0f
    else if (seen === 1) {
      const short = byte & 0x7f
      lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
      left = lengthBytes === 0 ? short : 0
      size = 2 + lengthBytes + (byte & 0x80 ? 4 : 0)
    } else if (seen < 2 + lengthBytes) left = left * 256 + byte
    seen += 1
  }

  const finish = (at: number): number => {
    if (opcode === CLOSE) closed = true
    seen = 0
    size = 2
    return at
  }

  return {
    get boundary() {
      return seen === 0
    },
    get closed() {
      return closed
    },
    read(chunk, from) {
      let at = from
      while (at < chunk.length) {
        if (seen < size) {
          readHeader(chunk[at] ?? 0)
          at += 1
        } else {
          const taken = Math.min(left, chunk.length - at)
          left -= taken
          at += taken
        }
        if (seen === size && left === 0) return finish(at)
      }
      return at
    },
  }
}

/**
 * A Close frame without a reason. `masked` as a client has to; the mask of zeros protects nothing, since what it covers
 * is the same for everyone.
 */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = [code >> 8, code & 0xff]
  return Buffer.from(
    masked ? [0x80 | CLOSE, 0x82, 0, 0, 0, 0, ...payload] : [0x80 | CLOSE, 2, ...payload],
  )
}

/** One direction of a WebSocket, which may end with a Close frame of the router's own. */
export interface FrameWay {
  /** Its sender sent a Close frame. */
  readonly closed: boolean
  /** A Close frame was passed on or put in; nothing comes after it. */
  readonly shut: boolean
  /** Takes what its sender sent, and returns what its receiver gets. */
  pass(chunk: Buffer): Buffer
  /** Puts `frame` in at the next boundary between frames. Returns what its receiver gets now. */
  close(frame: Buffer): Buffer
}

const NOTHING = Buffer.alloc(0)

/** A direction in which everything is passed on until a Close frame. */
export function frameWay(): FrameWay {
  const reader = frameReader()
  let farewell: Buffer | undefined
  let shut = false

  const skip = (chunk: Buffer, from: number): void => {
    for (let at = from; at < chunk.length && !reader.closed;) at = reader.read(chunk, at)
  }

  /** Reads up to where the direction ends within `chunk`, or through all of it. */
  const readOpen = (chunk: Buffer): number => {
    let at = 0
    while (at < chunk.length) {
      at = reader.read(chunk, at)
      if (!reader.boundary) return at
      if (reader.closed || farewell) {
        shut = true
        return at
      }
    }
    return at
  }

  return {
    get closed() {
      return reader.closed
    },
    get shut() {
      return shut
    },
    pass(chunk) {
      if (shut) {
        skip(chunk, 0)
        return NOTHING
      }
      const end = readOpen(chunk)
      if (!shut) return chunk
      const passed = chunk.subarray(0, end)
      if (reader.closed || !farewell) return passed
      skip(chunk, end)
      return Buffer.concat([passed, farewell])
    },
    close(frame) {
      if (shut || farewell) return NOTHING
      farewell = frame
      if (!reader.boundary) return NOTHING
      shut = true
      return frame
    },
  }
}
