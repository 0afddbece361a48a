import { readFileSync } from 'node:fs'
import { runCommandLine } from './commands/command-line.ts'
import { systemTerminal } from './commands/system-terminal.ts'
import { Interruption } from './commands/interruption.ts'

/** Started by bin/changeover.js: the shell around the commands, which know no process. */
const stop = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever insists is not kept waiting.
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    stop.abort(new Interruption(signal))
  })
}

// A reader that has enough, such as head, closes its end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

void runCommandLine(process.argv.slice(2), {
  version: manifest.version,
  terminal: systemTerminal(),
  env: process.env,
  signal: stop.signal,
}).then((code) => {
  process.exitCode = code
})
