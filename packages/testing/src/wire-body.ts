/** Takes the body of an answer apart from what follows it. Throws where the bytes are no such body. */
export interface WireBody {
  /** Takes what belongs to the body from the front of `bytes`, and gives back what is left. */
  take(bytes: Buffer): { readonly rest: Buffer; readonly whole: boolean }
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean
  /** What came so far, byte for character. */
  text(): string
}

/** A body of so many bytes; 0 for answers that have none. */
export function sizedBody(size: number): WireBody {
  const { parts, text } = gathered()
  let left = size
  return {
    take(bytes) {
      const part = bytes.subarray(0, left)
      left -= part.length
      if (part.length > 0) parts.push(part)
      return { rest: bytes.subarray(part.length), whole: left === 0 }
    },
    endsWithConnection: false,
    text,
  }
}

/** A body that nothing but the end of the connection ends. */
export function endlessBody(): WireBody {
  const { parts, text } = gathered()
  return {
    take(bytes) {
      parts.push(bytes)
      return { rest: bytes.subarray(bytes.length), whole: false }
    },
    endsWithConnection: true,
    text,
  }
}

/** A body in chunks, with the trailers after them. */
export function chunkedBody(): WireBody {
  const { parts, text } = gathered()
  let left = 0
  let next: 'size' | 'data' | 'gap' | 'trailer' = 'size'

  function takeLine(line: string): boolean {
    if (next === 'gap') {
      if (line !== '') throw new TypeError('a chunk is longer than its size')
      next = 'size'
    } else if (next === 'size') {
      left = chunkSize(line)
      next = left === 0 ? 'trailer' : 'data'
    } else if (line === '') return true
    return false
  }

  return {
    take(bytes) {
      let rest = bytes
      for (;;) {
        if (next === 'data') {
          const part = rest.subarray(0, left)
          parts.push(part)
          left -= part.length
          rest = rest.subarray(part.length)
          if (left > 0) return { rest, whole: false }
          next = 'gap'
        }
        const end = rest.indexOf('\r\n')
        if (end < 0) return { rest, whole: false }
        const line = rest.toString('latin1', 0, end)
        rest = rest.subarray(end + 2)
        if (takeLine(line)) return { rest, whole: true }
      }
    },
    endsWithConnection: false,
    text,
  }
}

function chunkSize(line: string): number {
  const [, digits] = /^([0-9a-f]{1,12})(?:;[^\n\r]*)?$/i.exec(line) ?? []
  if (digits === undefined) throw new TypeError(`"${line.slice(0, 40)}" is no size of a chunk`)
  return Number.parseInt(digits, 16)
}

function gathered() {
  const parts: Buffer[] = []
  return { parts, text: () => Buffer.concat(parts).toString('latin1') }
}
