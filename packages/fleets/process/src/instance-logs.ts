import { checkOptions } from '@changeover/engine'
import { z } from 'zod'
import type { InstanceRegistry } from './instance-registry.ts'
import type { LaunchSite } from './launch.ts'
import { type LogOwner, unknownInstance } from './log-files.ts'

/** What to read of an instance's logs. */
export interface LogWish {
  /** How many of the last lines, from 1 to 10,000; lines and all together are bounded in length too. @default 100 */
  readonly lines?: number
  readonly signal?: AbortSignal
}

interface CheckedWish {
  readonly lines: number
  readonly signal?: AbortSignal | undefined
}

const schema = z.strictObject({
  lines: z.int().min(1).max(10_000).default(100),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES = {
  lines: 'Give a whole number from 1 to 10000.',
  signal: 'Give an AbortSignal.',
  '': 'Give { lines?, signal? }.',
}

/** Checks a wish and fills in the default. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
export function readLogWish(wish: LogWish): CheckedWish {
  return checkOptions(schema, wish, 'logs', { remedies: REMEDIES })
}

/** What `wish` asks of an instance's logs. @throws ChangeoverError `CHANGEOVER_PROCESS_INSTANCE_UNKNOWN` */
export async function readLogs(
  owner: LogOwner,
  { lines, signal }: CheckedWish,
  { directory }: LaunchSite,
  instances: InstanceRegistry,
): Promise<string> {
  if (directory !== undefined) return directory.logs.read(owner, lines, signal)
  const output = instances.output(owner.service, owner.id)
  if (output === undefined) throw unknownInstance(owner)
  return output.split('\n').slice(-lines).join('\n')
}
