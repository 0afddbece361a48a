/** A type as far as a value for it has to be made up; a domain is told as what it is made of. */
export interface ValueType {
  /** `typname`, such as `int4`. */
  readonly name: string
  /** `typtype`: `b` base, `e` enum, `c` composite, `r` range. */
  readonly kind: string
  /** `typcategory`. */
  readonly category: string
  /** Type modifier; -1 for none. */
  readonly modifier: number
  /** Of an enum. */
  readonly labels: readonly string[]
  /** Of a composite type. */
  readonly attributes: number
}

/** Apart from each other, so that a batch of a thousand keys meets only one of them. */
const STRIDE = 5_000
/** Away from the keys that migrations write themselves, such as a first row with the id 1. */
const FIRST = 7_001

/** Values that a column may well take, the likeliest first; `row` from 0 makes them differ from row to row. */
export function plainValues(type: ValueType, row: number): readonly string[] {
  if (type.kind === 'e') return rotate(type.labels, row)
  if (type.kind === 'c') return [`(${','.repeat(Math.max(0, type.attributes - 1))})`]
  const named = BY_NAME[type.name]
  if (named) return named(row, type)
  return BY_CATEGORY[type.category]?.(row, type) ?? ['1', 'a']
}

/** A value at the far end of the type: what a narrower one would refuse. */
export function edgeValues(type: ValueType): readonly string[] {
  const edge = EDGES[type.name]?.(type)
  return [...(edge === undefined ? [] : [edge]), ...plainValues(type, 3)]
}

/** A value that no row has. */
export function freshValues(type: ValueType): readonly string[] {
  const fresh: Readonly<Record<string, readonly string[]>> = {
    N: ['31234', '97', '7'],
    S: ['zq7', 'z'],
    U: type.name === 'uuid' ? ['7d2c9f44-9c1b-4c55-8f0e-5b1f6a7c9d10'] : [],
    D: type.name.startsWith('time') && type.name.length < 7 ? ['23:59'] : ['2025-12-24'],
  }
  const none: readonly string[] = []
  return [...(type.kind === 'b' ? (fresh[type.category] ?? none) : none), ...plainValues(type, 9)]
}

type Values = (row: number, type: ValueType) => readonly string[]

const BY_CATEGORY: Readonly<Record<string, Values>> = {
  N: numbers,
  S: texts,
  B: (row) => rotate(['true', 'false'], row),
  T: (row) => [`${row + 1} days`, '1 hour'],
  D: (row) => [
    `2025-0${(row % 9) + 1}-01`,
    `2026-0${(row % 9) + 1}-15`,
    `2024-0${(row % 9) + 1}-15`,
  ],
  V: (row, { modifier }) => {
    const length = Math.max(1, modifier)
    return [(row % 2 === 0 ? '1' : '0').repeat(length), '1']
  },
  A: () => ['{}', '{1}', '{a}', '{2025-01-01}', '{NULL}'],
  R: (row) => [
    `[${row * 10},${row * 10 + 5})`,
    `[2025-0${(row % 9) + 1}-01,2025-0${(row % 9) + 1}-05)`,
    'empty',
  ],
}

const BY_NAME: Readonly<Record<string, Values>> = {
  uuid: (row) => [`00000000-0000-4000-8000-00000000000${row % 10}`],
  json: (row) => [`{"sample": ${row}}`, '[]', '1'],
  jsonb: (row) => [`{"sample": ${row}}`, '{}', '[]', '1', '"a"'],
  bytea: (row) => [`\\x0${row % 10}`],
  xml: () => ['<sample/>'],
  tsvector: (row) => [`sample${row}`],
  tsquery: () => ['sample'],
  inet: (row) => [`10.0.0.${row}`],
  cidr: (row) => [`10.0.${row}.0/24`],
  macaddr: (row) => [`08:00:2b:01:02:0${row % 10}`],
  macaddr8: (row) => [`08:00:2b:01:02:03:04:0${row % 10}`],
  pg_lsn: (row) => [`0/${row}`],
  time: (row) => [`12:0${row % 10}:00`, `18:0${row % 10}:00`],
  timetz: (row) => [`12:0${row % 10}:00+00`],
  point: (row) => [`(${row},${row})`],
  box: () => ['((0,0),(1,1))'],
  line: () => ['{1,2,3}'],
  lseg: () => ['[(0,0),(1,1)]'],
  path: () => ['[(0,0),(1,1)]'],
  polygon: () => ['((0,0),(1,1),(1,0))'],
  circle: (row) => [`<(0,0),${row + 1}>`],
  hstore: () => ['a=>1'],
}

const EDGES: Readonly<Record<string, (type: ValueType) => string>> = {
  int2: () => '32000',
  int4: () => '2000000000',
  int8: () => '5000000000',
  numeric: ({ modifier }) => {
    const { digits, scale } = precisionOf(modifier)
    const whole = '9'.repeat(Math.min(digits, 15)) || '0'
    return scale > 0 ? `${whole}.${'9'.repeat(Math.min(scale, 9))}` : whole
  },
  float8: () => '1e30',
  text: () => 'a long text '.repeat(40),
  varchar: ({ modifier }) =>
    modifier < 0 ? 'x'.repeat(300) : 'x'.repeat(Math.min(modifier - 4, 2_000)),
  bpchar: ({ modifier }) => 'x'.repeat(modifier < 0 ? 1 : Math.min(modifier - 4, 2_000)),
  timestamp: () => '1969-12-31 23:59:59.999999',
  timestamptz: () => '1969-12-31 23:59:59.999999+00',
  date: () => '1969-12-31',
  json: () => '{"a": 1, "a": [null, "ä"]}',
  jsonb: () => '[null, {"a": "ä"}]',
}

function numbers(row: number, { name, modifier }: ValueType): readonly string[] {
  const spread = String(FIRST + row * STRIDE)
  const small = String(row + 1)
  if (name !== 'numeric' || modifier < 0) return [spread, small, '0']
  const { digits } = precisionOf(modifier)
  return digits >= spread.length ? [spread, small, '0'] : [small, '0']
}

/** Digits before and behind the point of a `numeric`. */
function precisionOf(modifier: number): { readonly digits: number; readonly scale: number } {
  if (modifier < 0) return { digits: 12, scale: 6 }
  const precision = ((modifier - 4) >> 16) & 0xff_ff
  const scale = (modifier - 4) & 0x7_ff
  return { digits: Math.max(0, precision - scale), scale }
}

function texts(row: number, { name, modifier }: ValueType): readonly string[] {
  const longest = name === 'char' ? 1 : modifier < 4 ? 60 : modifier - 4
  const values = [
    longest < 8 ? `${row + 1}s` : `sample-${row + 1}`,
    `s${row + 1}`,
    `${row + 1}`,
    `sample${row + 1}@example.com`,
    `https://example.com/${row + 1}`,
    ['abc', 'bcd', 'cde', 'def'][row % 4] ?? 'a',
    ['ABC', 'BCD', 'CDE', 'DEF'][row % 4] ?? 'A',
    `+1555000000${row % 10}`,
    `2025-01-0${(row % 9) + 1}`,
    '',
  ]
  return values.map((value) => value.slice(0, longest))
}

function rotate(values: readonly string[], by: number): readonly string[] {
  const at = values.length === 0 ? 0 : by % values.length
  return [...values.slice(at), ...values.slice(0, at)]
}

/** Constants that a condition mentions, and their neighbours: where a made-up value fails, one of them may do. */
export function constantsOf(condition: string): readonly string[] {
  const strings = [...condition.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) =>
    text.replaceAll("''", "'"),
  )
  const bare = condition.replaceAll(/'(?:[^']|'')*'/g, ' ')
  const counts = [...bare.matchAll(/(?<![\w.])\d+(?:\.\d+)?/g)].map(([text]) => Number(text))
  const around = counts.flatMap((count) => [count, count + 1, count - 1]).map(String)
  const lengths = counts
    .filter((count) => count > 0 && count <= 200)
    .map((count) => 'a'.repeat(count))
  return [...new Set([...strings, ...around, ...lengths])]
}
