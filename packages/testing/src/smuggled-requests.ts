/** How a text names the request itself, the one hidden in it, and the host. */
interface SmuggledNames {
  readonly path: string
  readonly hidden: string
  readonly host: string
}

/** A request that two readers could take for different things. */
export interface SmuggledRequest extends SmuggledNames {
  readonly what: string
  /** Goes out as it is, byte for character. */
  readonly bytes: string
}

type Texts = (names: SmuggledNames) => readonly (readonly [what: string, bytes: string])[]

const message = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** A request whose end is told in an odd way, with another one after it or in it. */
export const AMBIGUOUS_LENGTHS: Texts = ({ path, hidden, host }) => {
  const inner = message(`GET ${hidden} HTTP/1.1`, `Host: ${host}`)
  const post = (...fields: readonly string[]): string =>
    message(`POST ${path} HTTP/1.1`, `Host: ${host}`, ...fields)
  const empty = `0\r\n\r\n${inner}`
  const all = `Content-Length: ${empty.length}`
  const chunked = 'Transfer-Encoding: chunked'
  return [
    ['a length and chunks', post(all, chunked) + empty],
    ['chunks and a length', post(chunked, 'Content-Length: 4') + empty],
    ['two lengths', post('Content-Length: 0', `Content-Length: ${inner.length}`) + inner],
    ['two lengths in one', post(`Content-Length: 0, ${inner.length}`) + inner],
    ['a length with a sign', post(`Content-Length: +${inner.length}`) + inner],
    ['a length in hexadecimal', post(`Content-Length: 0x${inner.length.toString(16)}`) + inner],
    ['a length below zero', post('Content-Length: -1') + inner],
    ['a coding that is none', post('Transfer-Encoding: xchunked') + empty],
    ['a coding that is none, and a length', post('Transfer-Encoding: xchunked', all) + empty],
    ['chunks, then another coding', post('Transfer-Encoding: chunked, identity') + empty],
    ['two codings', post(chunked, 'Transfer-Encoding: cow', all) + empty],
    ['a space before the colon of a coding', post('Transfer-Encoding : chunked', all) + empty],
    ['a space before the colon of a length', post(`Content-Length : ${inner.length}`) + inner],
    ['a coding after a tab', post('Transfer-Encoding:\tchunked', all) + empty],
    ['a coding after a vertical tab', post('Transfer-Encoding:\vchunked', all) + empty],
    ['a coding on the next line', post('Transfer-Encoding:\r\n chunked', all) + empty],
    ['a coding in quotes', post('Transfer-Encoding: "chunked"', all) + empty],
    ['a size beyond any', `${post(chunked)}10000000000000000\r\n\r\n${empty}`],
    ['a size with a prefix', `${post(chunked)}0x0\r\n\r\n${inner}`],
    ['a size with a sign', `${post(chunked)}+0\r\n\r\n${inner}`],
    ['a chunk longer than its size', `${post(chunked)}1\r\nxyz\r\n${empty}`],
    [
      'a length in a GET',
      message(`GET ${path} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${inner.length}`) + inner,
    ],
    ['chunks in HTTP/1.0', message(`POST ${path} HTTP/1.0`, `Host: ${host}`, chunked, all) + empty],
  ]
}

/** A request whose head is none, by the letter. */
export const MALFORMED_HEADS: Texts = ({ path, host }) => {
  const get = (...fields: readonly string[]): string =>
    message(`GET ${path} HTTP/1.1`, `Host: ${host}`, ...fields)
  const line = (first: string): string => message(first, `Host: ${host}`)
  return [
    ['lines that end with a line feed alone', `GET ${path} HTTP/1.1\nHost: ${host}\n\n`],
    ['a line feed in a field', get('X-A: b\nX-B: c')],
    ['a carriage return in a field', get('X-A: b\rX-B: c')],
    ['a zero byte in a value', get('X-A: b\0c')],
    ['a zero byte in a name', get('X-A\0: b')],
    ['a space before a colon', get('X-A : b')],
    ['a field on two lines', get('X-A: b', ' c')],
    [
      'a first field that begins with a space',
      message(`GET ${path} HTTP/1.1`, ` Host: ${host}`, `Host: ${host}`),
    ],
    ['a field without a name', get(': b')],
    ['a field without a colon', get('X-A')],
    ['a method that is none', line(`G@T ${path} HTTP/1.1`)],
    ['a version that is none', line(`GET ${path} HTTP/9.9x`)],
    ['a path with a space', line(`GET ${path} x HTTP/1.1`)],
    ['a path with a zero byte', line(`GET ${path}\0 HTTP/1.1`)],
    ['spaces in the first line', line(`GET  ${path}  HTTP/1.1`)],
  ]
}

/** A request for nobody, or for two. */
export const AMBIGUOUS_HOSTS: Texts = ({ path, host }) => [
  ['two hosts', message(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Host: evil.test')],
  [
    'two hosts the other way round',
    message(`GET ${path} HTTP/1.1`, 'Host: evil.test', `Host: ${host}`),
  ],
  ['two hosts in one', message(`GET ${path} HTTP/1.1`, `Host: ${host}, evil.test`)],
  ['no host', message(`GET ${path} HTTP/1.1`)],
  ['another host in the path', message(`GET http://evil.test${path} HTTP/1.1`, `Host: ${host}`)],
  ['a host that is a path', message(`GET ${path} HTTP/1.1`, `Host: ${host}/../x`)],
  ['a host with a user', message(`GET ${path} HTTP/1.1`, `Host: ${host}@evil.test`)],
  ['a host with a space', message(`GET ${path} HTTP/1.1`, `Host: ${host} evil.test`)],
]

const LARGE = 4_000_000

/** A request whose head has no end worth waiting for. */
export const OVERSIZED_HEADS: Texts = ({ path, host }) => [
  ['one long field', message(`GET ${path} HTTP/1.1`, `Host: ${host}`, `X-A: ${'b'.repeat(LARGE)}`)],
  ['a long path', message(`GET ${path}?${'b'.repeat(LARGE)} HTTP/1.1`, `Host: ${host}`)],
  [
    'many fields',
    message(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'X-A: 0123456789\r\n'.repeat(LARGE / 20)),
  ],
]

/** The texts of a kind, each with paths of its own. */
export function smuggledRequests(texts: Texts, host: string): readonly SmuggledRequest[] {
  const kinds = texts({ path: '/', hidden: '/', host })
  return kinds.flatMap(([what], i) => {
    const names = { path: `/open-${i}.`, hidden: `/hidden-${i}.`, host }
    const bytes = texts(names)[i]?.[1]
    return bytes === undefined ? [] : [{ what, bytes, ...names }]
  })
}
