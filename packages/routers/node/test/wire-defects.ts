import type { Splice } from './spliced-router.ts'

/** How bytes are passed on wrongly, and the sentence that is broken by that. */
export type WireDefect = readonly [defect: string, splice: Splice, sentence: string]

const without = (pattern: RegExp) => (text: string) => text.replaceAll(pattern, '')
const WELL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell'

/** Routers that pass on bytes without reading them, or with some of them changed. */
export const wireDefects: readonly WireDefect[] = [
  [
    'knows no lengths',
    {},
    'a request whose end can be read in two ways is refused, or reaches the instance as one, and no other with it',
  ],
  [
    'knows no heads',
    {},
    'a head that is none by the letter is refused, or reaches the instance by the letter',
  ],
  [
    'leaves a request that it does not understand waiting',
    { deaf: true },
    'a head that is none by the letter is refused, or reaches the instance by the letter',
  ],
  [
    'knows no hosts',
    {},
    'a request for no host or for two is refused, or reaches the instance with one',
  ],
  ['knows no measure', {}, 'a head without measure is refused, and reaches no instance'],
  [
    'tells the instance of the connection of a client',
    {},
    'what a client says about its connection stays with it, and so does what Connection names',
  ],
  [
    'tells the client of the connection of an instance',
    {},
    'what an instance says about its connection stays with it, and so does what Connection names',
  ],
  [
    'believes a client',
    {},
    'where a client says that it came from somewhere else, the instance is not told so',
  ],
  [
    'tells nobody to go on',
    { down: without(/HTTP\/1.1 100 Continue\r\n\r\n/g) },
    'a client that waits for 100 Continue is told once to go on, and its body arrives',
  ],
  [
    'tells clients twice to go on',
    { down: (text) => text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '$&$&') },
    'a client that waits for 100 Continue is told once to go on, and its body arrives',
  ],
  [
    'keeps hints for itself',
    { down: without(/HTTP\/1.1 103 [^]*?\r\n\r\n/g) },
    'an answer with status 103 comes before the one that it announces',
  ],
  [
    'loses the trailers of requests',
    { up: without(/X-Sum: 7\r\n/g) },
    'the trailers of a request arrive',
  ],
  [
    'loses the trailers of answers',
    { down: without(/X-Sum: 7\r\n/g) },
    'the trailers of an answer arrive',
  ],
  [
    'has a body for everything',
    { down: (text) => text.replace(/ (?:200|304|204) .*\r\n[^]*\r\n\r\n$/, '$&more') },
    'answers without a body end with their heads, whatever length they name, and the next one is its own',
  ],
  [
    'upgrades nobody',
    { up: (text) => text.replace('Upgrade: websocket', 'Upgrade: h2c'), down: () => WELL },
    'a WebSocket is opened, carries any byte both ways from the first one on, and is closed',
  ],
  [
    'takes bytes for text',
    { down: (text) => Buffer.from(text, 'latin1').toString('utf8') },
    'a WebSocket is opened, carries any byte both ways from the first one on, and is closed',
  ],
  [
    'loses spaces',
    { up: (text) => (text === ' ' ? '_' : text).replace('\r\n \r\n', '\r\n_\r\n') },
    'a body that comes in chunks and a byte at a time arrives whole',
  ],
  [
    'answers what it knows first',
    { down: (text) => text.replaceAll('=/slow', '=/next') },
    'requests that are sent before the answers to the ones before are answered in their order',
  ],
  [
    'knows no other version',
    {},
    'a client of HTTP/1.0 gets an answer that it can read, and the connection is closed after it',
  ],
  [
    'makes an answer up for a client that has said all',
    { down: () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
    'a client that has ended its half of the connection gets its answer whole or none, and never another one',
  ],
  [
    'keeps what a slow reader has not read',
    { memory: [0, 64_000_000] },
    'a large answer to a reader that waits arrives whole, and costs the router little memory meanwhile',
  ],
  [
    'is reloaded for every table, and for one that it has',
    { anew: true },
    'the same table again cuts no connection, whoever applies it',
  ],
]
