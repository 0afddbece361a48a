import type { BaseLogger } from 'pino'

/** What the lifecycle logs to: a pino logger, or anything that has these four methods of one. */
export type Logger = Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> & {
  /** Called before the process exits, where it exists. */
  flush?: (done?: (error?: Error) => void) => void
}

const nothing = (): void => {}

/** The default: a library says nothing unless asked. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Resolves when a buffering logger has written what it holds, at the latest after `limitMs`. */
export async function flushLogger(logger: Logger, limitMs: number): Promise<void> {
  if (logger.flush === undefined) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limitMs)
    logger.flush?.(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
