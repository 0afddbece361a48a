import type { EngineOptions } from '@changeover/engine'

type Logger = NonNullable<EngineOptions['logger']>

const nothing = (): void => undefined
const quiet: object = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: (): object => quiet,
}

/** One for all engines of all simulations: to make a real one costs more than a short rollout. */
export const silentLogger: Logger = asLogger(quiet)

function asLogger(logger: object): Logger {
  if (isLogger(logger)) return logger
  throw new TypeError('a logger has the functions info and child')
}

function isLogger(value: object): value is Logger {
  return 'info' in value && 'child' in value
}
