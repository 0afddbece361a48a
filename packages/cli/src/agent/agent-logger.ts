import { type Logger, pino } from 'pino'
import type { Secrets } from './agent-secrets.ts'

/** Where log lines go; `process.stderr` is one. */
export interface LogSink {
  write(line: string): unknown
}

/** JSON lines without secrets. */
export function agentLogger(sink: LogSink, secrets: Secrets, level: string): Logger {
  const redact = {
    paths: [
      'headers.authorization',
      'headers.cookie',
      'req.headers',
      'spec',
      'release.spec',
      'env',
    ],
    censor: '[hidden]',
  }
  return pino({ level, redact }, { write: (line: string) => void sink.write(secrets.mask(line)) })
}
