import { FULL_WEIGHT } from '@changeover/engine'
import type { Patience } from './case-patience.ts'
import { type RawConnection, rawConnection } from './raw-connection.ts'
import type { RecordedRequest } from './recorded-request.ts'
import {
  finish,
  type RecordingBackend,
  recordingBackend,
  type WireAnswering,
} from './recording-backend.ts'
import type { RouterBench, TrafficCase } from './router-bench.ts'
import { deviating, type RouterDeviation } from './router-deviations.ts'

/** A router in front of one instance, and connections to it on which anything can be written. */
export interface Wire extends Pick<RouterBench, 'memory' | 'note' | 'lacks'> {
  /** What Host says of the service. */
  readonly host: string
  readonly patience: Patience
  readonly backend: RecordingBackend
  readonly open: () => RawConnection
  /** The text of a request, with Host. Lines are ended as they should be. */
  readonly request: (line: string, fields?: readonly string[], body?: string) => string
  /** The request for that path, as the instance got it. */
  readonly got: (path: string) => RecordedRequest | undefined
}

/** An answer with this body. */
export function answerText(body: string, fields: readonly string[] = []): string {
  return text('HTTP/1.1 200 OK', [`Content-Length: ${body.length}`, ...fields], body)
}

/** A message: its first line, its fields, and what comes after them. */
export function text(line: string, fields: readonly string[], body = ''): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`
}

const WELL: WireAnswering = (request, socket) => finish(socket, request, answerText('well'))

/** A case about bytes: the instance answers with `answer`, and nothing else is in the routes. */
export function wireCase(
  name: RouterDeviation,
  sentence: string,
  check: (wire: Wire) => Promise<void>,
  answer: WireAnswering = WELL,
): TrafficCase {
  return deviating(name, sentence, async (bench) => {
    const { url = '', backendHost = '127.0.0.1', patience, note, lacks, memory } = bench
    const backend = await recordingBackend(backendHost, answer)
    const opened: RawConnection[] = []
    const { host } = new URL(url)
    try {
      const instances = [{ id: 'wire-1', address: backend.address }]
      const table = await bench.table({})
      await bench.put({ ...table, pools: [{ release: 'wire', weight: FULL_WEIGHT, instances }] })
      await check({
        host,
        patience,
        note,
        lacks,
        ...(memory ? { memory } : {}),
        backend,
        open() {
          const connection = rawConnection(url)
          opened.push(connection)
          return connection
        },
        request: (line, fields = [], body = '') => text(line, [`Host: ${host}`, ...fields], body),
        got: (path) => backend.requests.find(({ target }) => target.endsWith(path)),
      })
    } finally {
      for (const connection of opened) connection.close()
      await backend.close()
    }
  })
}
