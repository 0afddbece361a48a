import { constants } from 'node:os'
import { resolve } from 'node:path'
import { checkOptions, type Duration, toMs } from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { byteSize, type ByteSize } from './byte-size.ts'
import { fleetError } from './fleet-error.ts'
import type { LogSettings } from './log-keeper.ts'

/** A span of TCP ports, both ends included. */
export interface PortSpan {
  readonly from: number
  readonly to: number
}

/** How much of the instances' output is kept in `directory`. */
export interface LogOptions {
  /** Size from which a log is moved to an older file; looked at every second. @default '10MB' */
  readonly maxSize?: ByteSize
  /** Older files of each instance. @default 3 */
  readonly keep?: number
  /** Ended instances of each service whose logs are kept. @default 20 */
  readonly keepEnded?: number
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
  /**
   * Bounds of the logs. Instances write to their files themselves, so that they need no owner; a log that has grown is
   * copied and then emptied under its writer, which loses what is written in between: some microseconds' worth.
   */
  readonly logs?: LogOptions
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
  readonly logs: LogSettings
  readonly stopSignal: NodeJS.Signals
  readonly stopDeadlineMs: number
  readonly logger: Logger
}

const port = z.int().min(1).max(65_535)
const duration: z.ZodType<Duration> = z.union([z.number(), z.string()])

const logs = z.strictObject({
  maxSize: byteSize.pipe(z.number().min(1000).max(1e12)).optional(),
  keep: z.int().min(0).max(1000).optional(),
  keepEnded: z.int().min(0).max(10_000).optional(),
})

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
    logs: logs.optional(),
    stopSignal: z.custom<NodeJS.Signals>(isStopSignal, 'not a signal that asks a process to stop'),
    stopDeadline: duration.default('10s'),
    logger: z.custom<Logger>(isLogger, 'not a pino logger').optional(),
  })
  .refine(({ orphans, directory }) => orphans === 'stop' || directory !== undefined, {
    path: ['directory'],
    message: "orphans: 'keep' needs a directory",
  })
  .refine((options) => options.logs === undefined || options.directory !== undefined, {
    path: ['directory'],
    message: 'logs are kept in a directory',
  })

const REMEDIES = {
  directory: 'Name a directory that only this fleet uses, on a local disk.',
  orphans: "Say 'stop', or 'keep' together with a directory.",
  ports: 'Give { from, to } with whole numbers from 1 to 65535, below the ephemeral ports.',
  host: "Give an address of this machine, such as '127.0.0.1'.",
  keepLines: 'Give a whole number from 1 to 1000.',
  logs: "Give { maxSize, keep, keepEnded }: a size from 1 kB on such as '10MB', and whole numbers from 0 on.",
  stopSignal: "Give a signal that a process can handle, such as 'SIGTERM' or 'SIGINT'.",
  logger: 'Give a pino logger, or leave it out.',
  '': 'Known options: directory, orphans, ports, host, keepLines, logs, stopSignal, stopDeadline, logger.',
}

/**
 * Checks a fleet's options and fills in the defaults.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`, `CHANGEOVER_PROCESS_PLATFORM`
 */
export function readOptions(options: ProcessFleetOptions): FleetSettings {
  refuseWindows(process.platform)
  const given = { ...options, stopSignal: options.stopSignal ?? 'SIGTERM' }
  const { stopDeadline, logger, directory, logs, ...rest } = checkOptions(schema, given, '', {
    remedies: REMEDIES,
  })
  return {
    ...rest,
    directory: directory === undefined ? undefined : resolve(directory),
    logs: {
      maxSize: logs?.maxSize ?? 10_000_000,
      keep: logs?.keep ?? 3,
      keepEnded: logs?.keepEnded ?? 20,
    },
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
