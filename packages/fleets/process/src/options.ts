import { constants } from 'node:os'
import { resolve } from 'node:path'
import { checkOptions, type Duration, toMs } from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { fleetError } from './fleet-error.ts'

/** A span of TCP ports, both ends included. */
export interface PortSpan {
  readonly from: number
  readonly to: number
}

/** Options of `processFleet`. */
export interface ProcessFleetOptions {
  /**
   * Where instances are remembered (`instances/`) and their output is kept (`logs/`). It is made where it is missing
   * and belongs to one fleet at a time. Without it, all is kept in memory.
   */
  readonly directory?: string
  /**
   * What becomes of running instances when their owner, this process, ends in any way: `stop` ends them too,
   * `keep` leaves them serving for the next owner of `directory` to adopt.
   *
   * @default 'stop'
   */
  readonly orphans?: 'stop' | 'keep'
  /**
   * Ports to give to instances. Keep the span below the kernel's ephemeral ports, so that no outgoing connection
   * takes a port between choosing and binding it.
   *
   * @default { from: 20000, to: 29999 }
   */
  readonly ports?: PortSpan
  /** Address that instances are told to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** How many of an instance's last lines go into reports. @default 50 */
  readonly keepLines?: number
  /** The signal that asks an instance to stop. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals
  /** How long instances get to stop when the fleet closes or its owner died. @default '10s' */
  readonly stopDeadline?: Duration
  /** @default silent */
  readonly logger?: Logger
}

/** Options as the fleet uses them: checked, complete, durations in milliseconds. */
export interface FleetSettings {
  readonly directory: string | undefined
  readonly orphans: 'stop' | 'keep'
  readonly ports: PortSpan
  readonly host: string
  readonly keepLines: number
  readonly stopSignal: NodeJS.Signals
  readonly stopDeadlineMs: number
  readonly logger: Logger
}

const port = z.int().min(1).max(65_535)
const duration: z.ZodType<Duration> = z.union([z.number(), z.string()])

const schema = z
  .strictObject({
    directory: z.string().min(1).optional(),
    orphans: z.enum(['stop', 'keep']).default('stop'),
    ports: z
      .strictObject({ from: port, to: port })
      .refine(({ from, to }) => from <= to, 'the span is empty')
      .default({ from: 20_000, to: 29_999 }),
    host: z.string().min(1).default('127.0.0.1'),
    keepLines: z.int().min(1).max(1000).default(50),
    stopSignal: z.custom<NodeJS.Signals>(isStopSignal, 'not a signal that asks a process to stop'),
    stopDeadline: duration.default('10s'),
    logger: z.custom<Logger>(isLogger, 'not a pino logger').optional(),
  })
  .refine(({ orphans, directory }) => orphans === 'stop' || directory !== undefined, {
    path: ['directory'],
    message: "orphans: 'keep' needs a directory",
  })

const REMEDIES = {
  directory: 'Name a directory that only this fleet uses, on a local disk.',
  orphans: "Say 'stop', or 'keep' together with a directory.",
  ports: 'Give { from, to } with whole numbers from 1 to 65535, below the ephemeral ports.',
  host: "Give an address of this machine, such as '127.0.0.1'.",
  keepLines: 'Give a whole number from 1 to 1000.',
  stopSignal: "Give a signal that a process can handle, such as 'SIGTERM' or 'SIGINT'.",
  logger: 'Give a pino logger, or leave it out.',
  '': 'Known options: directory, orphans, ports, host, keepLines, stopSignal, stopDeadline, logger.',
}

/**
 * Checks a fleet's options and fills in the defaults.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`, `CHANGEOVER_PROCESS_PLATFORM`
 */
export function readOptions(options: ProcessFleetOptions): FleetSettings {
  refuseWindows(process.platform)
  const given = { ...options, stopSignal: options.stopSignal ?? 'SIGTERM' }
  const { stopDeadline, logger, directory, ...rest } = checkOptions(schema, given, '', {
    remedies: REMEDIES,
  })
  return {
    ...rest,
    directory: directory === undefined ? undefined : resolve(directory),
    stopDeadlineMs: toMs(stopDeadline, 'stopDeadline'),
    logger: (logger ?? pino({ level: 'silent' })).child({ component: 'process-fleet' }),
  }
}

function isStopSignal(value: unknown): boolean {
  const known = typeof value === 'string' && Object.hasOwn(constants.signals, value)
  return known && value !== 'SIGKILL' && value !== 'SIGSTOP'
}

function isLogger(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'child' in value && 'warn' in value
}

function refuseWindows(platform: NodeJS.Platform): void {
  if (platform !== 'win32') return
  throw fleetError('CHANGEOVER_PROCESS_PLATFORM', { platform })
}
