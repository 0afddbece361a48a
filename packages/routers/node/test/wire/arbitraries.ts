import fc from 'fast-check'

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~09azAZ".split('')
const ODD_VALUE_CHARACTERS = 'ab ,;:="\t\u0080\u00fe'.split('')
const NAMES = ['Accept', 'Cookie', 'X-A', 'x_b', 'User-Agent', 'Content-Type', 'Keep-Alive', 'Via']

const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 8 })
const name = fc.oneof(fc.constantFrom(...NAMES), token)
const blanks = fc.constantFrom('', ' ', ' ', ' ', '  ', '\t', ' \t')
const value = fc.oneof(
  fc.constantFrom('', 'a', 'uid=1; b="2"', '\u00e4\u00ff', 'a  b\tc', 'timeout=5', '*/*'),
  fc.string({ unit: fc.constantFrom(...ODD_VALUE_CHARACTERS), maxLength: 12 }),
)
const field = fc
  .tuple(name, blanks, value, blanks)
  .map(([key, before, text, after]) => `${key}:${before}${text}${after}\r\n`)

/** A body, and the header lines that frame it. */
const lengthBody = fc
  .string({ unit: fc.constantFrom('a', '\r', '\n', 'GET / HTTP/1.1\r\n', '0'), maxLength: 8 })
  .map((body) => [`Content-Length: ${body.length}\r\n`, body] as const)
const extension = fc.constantFrom(
  '',
  '',
  '',
  ';a',
  ';a=b;c',
  ';a="b;\t\u00e4"',
  ';=',
  '; a',
  ';a="',
)
const chunk = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('a', '\r\n', '0'), minLength: 1, maxLength: 20 }),
    extension,
  )
  .map(([data, said]) => `${data.length.toString(16)}${said}\r\n${data}\r\n`)
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), fc.array(field, { maxLength: 2 }))
  .map(
    ([chunks, trailers]) =>
      [
        'Transfer-Encoding: chunked\r\n',
        `${chunks.join('')}0\r\n${trailers.join('')}\r\n`,
      ] as const,
  )
const noBody = fc.constant(['', ''] as const)

const target = fc.oneof(
  fc.constantFrom('/', '/a?b=c', '//x', '/%20', '/a|b{}"<>^`\\'),
  fc.webPath().map((path) => `/${path}`),
)

const request = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'),
    target,
    fc.constantFrom('Host: a\r\n', 'Host: a\r\n', 'host:b\r\n', ''),
    fc.array(field, { maxLength: 4 }),
    fc.oneof({ weight: 4, arbitrary: noBody }, { weight: 4, arbitrary: lengthBody }, chunkedBody),
    fc.constantFrom('', '', '', 'Connection: keep-alive\r\n', 'Connection: close\r\n'),
  )
  .map(
    ([method, path, host, fields, [framing, body], fate]) =>
      `${method} ${path} HTTP/1.1\r\n${host}${fields.join('')}${framing}${fate}\r\n${body}`,
  )

const answer = fc
  .tuple(
    fc.constantFrom(
      '200 OK',
      '200',
      '204 No',
      '304 Not Modified',
      '404 \u00e4',
      '500 ',
      '299 a\tb',
    ),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    fc.array(field, { maxLength: 4 }),
    fc.oneof(noBody, lengthBody, chunkedBody),
    fc.constantFrom('', '', 'Connection: close\r\n', 'Connection: X-A, keep-alive\r\n'),
    fc.constantFrom('', '', '', 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'),
    fc.constantFrom('', 'rest', '\r\n'),
  )
  .map(
    ([status, version, fields, [framing, body], fate, hint, rest]) =>
      `${hint}${version} ${status}\r\n${fields.join('')}${framing}${fate}\r\n${body}${rest}`,
  )

/** What smuggling is made of. */
const SPICES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ' ',
  '\t',
  '\u000b',
  '\u0000',
  '\u007f',
  '\u0080',
  '\u00a0',
  '\u0085',
  ':',
  ' :',
  ',',
  ';',
  ';a=b',
  '0',
  '-',
  '+',
  '0x',
  'Content-Length: 3\r\n',
  'Content-Length: +3\r\n',
  'Content-Length: 3, 3\r\n',
  'Content-Length : 3\r\n',
  'Content-Length:\r\n 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding:\u000bchunked\r\n',
  'Transfer_Encoding: chunked\r\n',
  'Host: b\r\n',
  'Expect: 100-continue\r\n',
  'Connection: upgrade\r\n',
  'Upgrade: h2c\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
  ' HTTP/1.1',
  'HTTP/1.0',
  '#a',
]

/** One change to bytes: at a place, some of them removed, something put in. */
const mutation = fc.record({
  at: fc.noBias(fc.nat({ max: 9999 })),
  /** Where a line begins. */
  atLine: fc.boolean(),
  removed: fc.constantFrom(0, 0, 0, 1, 2, 5),
  added: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('', ...SPICES) },
    fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCodePoint(code)),
      maxLength: 2,
    }),
  ),
})

function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.tuple(text, fc.array(mutation, { maxLength: 2 })).map(([original, mutations]) => {
    let changed = original
    for (const { at, atLine, removed, added } of mutations) {
      const spot = Math.floor((at / 10_000) * changed.length)
      const place = atLine ? changed.indexOf('\n', spot) + 1 : spot
      changed = changed.slice(0, place) + added + changed.slice(place + removed)
    }
    return Buffer.from(changed, 'latin1')
  })
}

/** Up to three requests on one connection, most of them changed a little. */
export const requestBytes: fc.Arbitrary<Buffer> = mutated(
  fc.array(request, { minLength: 1, maxLength: 3 }).map((requests) => requests.join('')),
)

/** An answer, with hints before it and something after it at times, most of them changed a little. */
export const answerBytes: fc.Arbitrary<Buffer> = mutated(answer)
