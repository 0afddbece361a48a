import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundProcess } from './bound-process.ts'
import { until } from './until.ts'

/** A proxy to run. */
export interface ProxyOptions {
  readonly command: string
  /** Its configuration, given the directory in which it may write. */
  readonly configuration: (directory: string) => string
  /** Its arguments, given the same directory and the file of the configuration in it. */
  readonly args: (directory: string, file: string) => readonly string[]
  /** Where it will listen. */
  readonly port: number
}

/** A running proxy. */
export interface ProxyProcess {
  readonly directory: string
  readonly log: () => string
  [Symbol.asyncDispose](): Promise<void>
}

/** Writes the configuration to a directory of its own, and waits until the proxy listens. */
export async function proxyProcess(options: ProxyOptions): Promise<ProxyProcess> {
  const { command, configuration, args, port } = options
  const directory = mkdtempSync(join(tmpdir(), 'changeover-proxy-'))
  const file = join(directory, 'proxy.conf')
  const logFile = join(directory, 'log')
  writeFileSync(file, configuration(directory))
  const errors = openSync(logFile, 'a')
  const proxy = boundProcess({ command, args: args(directory, file), errors })
  closeSync(errors)
  proxy.stdout.resume()
  const log = (): string => readFileSync(logFile, 'utf8')
  const early = proxy.ended.then((code): never => {
    throw new Error(`${command} ended with ${code}: ${log()}`)
  })
  await Promise.race([until(() => listens(port)), early])
  return {
    directory,
    log,
    [Symbol.asyncDispose]: async () => {
      await proxy.stop(2_000)
      rmSync(directory, { recursive: true })
    },
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
