import { parseDuration } from './duration.ts'
import type { Logger } from './logger.ts'

/** Who starts instances caps their notice with this variable: milliseconds, or text such as `2s`. */
const NOTICE_VARIABLE = 'CHANGEOVER_NOTICE'

/**
 * The notice to give, in milliseconds: at most what the environment says. Whoever takes an instance out of the routes before
 * stopping it sets 0 there, since no balancer is left to notice. A wrong value is ignored with a warning, since it is not the
 * application's mistake, and a long notice loses nothing.
 */
export function readNotice(
  noticeMs: number,
  environment: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): number {
  const text = environment[NOTICE_VARIABLE]
  if (text === undefined || text === '') return noticeMs
  const capMs = parseDuration(/^\d+$/.test(text) ? Number(text) : text)
  if (capMs !== undefined) return Math.min(noticeMs, capMs)
  logger.warn(
    { variable: NOTICE_VARIABLE, value: text, noticeMs },
    "ignored: use milliseconds or text such as '2s'",
  )
  return noticeMs
}
