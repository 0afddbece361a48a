/** A request as an instance got it, byte for character. */
export interface RecordedRequest {
  /** The head as it came, with the empty line that ends it. */
  readonly head: string
  readonly method: string
  readonly target: string
  /** Names as they came. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Without its framing. */
  readonly body: string
  /** What stood between the last chunk and the end. */
  readonly trailers: string
}

/** What of a connection has been read. */
export interface RecordedReading {
  readonly request: RecordedRequest
  readonly rest: string
}

const HEAD_END = /\r?\n\r?\n/

/** Takes a head from the front of `bytes`, however odd it is; undefined where it has not ended. */
export function readHead(bytes: string): RecordedReading | undefined {
  const end = HEAD_END.exec(bytes)
  if (!end) return undefined
  const head = bytes.slice(0, end.index + end[0].length)
  const [first = '', ...lines] = head.trimEnd().split(/\r?\n/)
  const [method = '', target = ''] = first.split(' ')
  const fields = lines.map((line) => {
    const [name = '', ...value] = line.split(':')
    return [name.trim(), value.join(':').trim()] as const
  })
  const request = { head, method, target, fields, body: '', trailers: '' }
  return { request, rest: bytes.slice(head.length) }
}

/** Takes a whole request from the front of `bytes`; undefined where it has not ended. Chunks win over a length. */
export function readRequest(bytes: string): RecordedReading | undefined {
  const read = readHead(bytes)
  if (!read) return undefined
  if (valuesOf(read.request, 'transfer-encoding').length > 0) return readChunks(read)
  const length = Number.parseInt(valuesOf(read.request, 'content-length')[0] ?? '0', 10)
  if (read.rest.length < length) return undefined
  const body = read.rest.slice(0, length)
  return { request: { ...read.request, body }, rest: read.rest.slice(length) }
}

/** The values of a header, of each of its lines. */
export function valuesOf({ fields }: RecordedRequest, name: string): readonly string[] {
  return fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
}

const CHUNK_SIZE = /^([0-9a-f]+)[^\n]*\n/i
const TRAILERS = /^((?:[^\r\n]+\r?\n)*)\r?\n/

function readChunks({ request, rest }: RecordedReading): RecordedReading | undefined {
  let body = ''
  let left = rest
  for (;;) {
    const [line, digits = ''] = CHUNK_SIZE.exec(left) ?? []
    if (line === undefined) return undefined
    const size = Number.parseInt(digits, 16)
    left = left.slice(line.length)
    if (size === 0) break
    if (left.length < size + 2) return undefined
    body += left.slice(0, size)
    left = left.slice(size + 2)
  }
  const [end, trailers = ''] = TRAILERS.exec(left) ?? []
  if (end === undefined) return undefined
  return { request: { ...request, body, trailers }, rest: left.slice(end.length) }
}

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP\/1\.[01]\r\n/

/** What of a head two readers could take for different things; nothing where there is one way to read it. */
export function faultsOf(request: RecordedRequest): readonly string[] {
  const { head, target } = request
  const lengths = valuesOf(request, 'content-length')
  const codings = valuesOf(request, 'transfer-encoding')
  const hosts = valuesOf(request, 'host')
  const [, authority] = /^https?:\/\/([^/]*)/i.exec(target) ?? []
  const faults: readonly (readonly [fault: string, found: boolean])[] = [
    ['a request line that is none', !REQUEST_LINE.test(head)],
    ['a line end that is none', /\r(?!\n)|(?<!\r)\n/.test(head)],
    ['a zero byte', head.includes('\0')],
    ['a line that goes on in the next one', /\n[\t ]/.test(head)],
    ['a space before a colon', /\n[^\n:]*[\t ]:/.test(head)],
    ['a header without a name, or without a colon', /\n(?::|[^\r\n:]+\r?\n)/.test(head)],
    ['several lengths', lengths.length > 1],
    ['a length that is no number', lengths.some((length) => !/^\d+$/.test(length))],
    ['a length and a coding', lengths.length > 0 && codings.length > 0],
    ['a coding that is not chunked', codings.some((coding) => coding.toLowerCase() !== 'chunked')],
    ['several codings', codings.length > 1],
    ['not exactly one host', hosts.length !== 1],
    ['two hosts that differ', authority !== undefined && authority !== hosts[0]],
  ]
  return faults.filter(([, found]) => found).map(([fault]) => fault)
}
