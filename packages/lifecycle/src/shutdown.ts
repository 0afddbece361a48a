import type { Connections } from './connections.ts'
import { createCountdown } from './countdown.ts'
import type { Countdown } from './countdown.ts'
import { createGoodbyes } from './goodbye.ts'
import type { Goodbyes } from './goodbye.ts'
import { runHook } from './hooks.ts'
import type { HookList, HookReport } from './hooks.ts'
import type { LifecycleSettings } from './options.ts'
import { drainServer } from './server-drain.ts'
import type { DrainCounts, ServerDrain } from './server-drain.ts'
import { exitIsNear } from './process-exit.ts'
import { judgeShutdown } from './shutdown-report.ts'
import type { ShutdownReport } from './shutdown-report.ts'
import type { Terminator } from './terminator.ts'
import type { Tracker } from './tracker.ts'
import { drainWebSockets } from './web-sockets.ts'
import type { WebSocketServerLike } from './web-sockets.ts'

/** A server as the shutdown sees it. */
export interface AttachedServer {
  readonly connections: Connections
  readonly terminator: Terminator
}

/** What a shutdown has to end. */
export interface ShutdownPlan {
  readonly reason: string
  readonly settings: LifecycleSettings
  /** Whether the process exits when it is over. */
  readonly exits: boolean
  readonly servers: readonly AttachedServer[]
  readonly webSocketServers: readonly WebSocketServerLike[]
  readonly tracker: Tracker
  /** How many exceptions nobody caught so far. */
  readonly uncaught: () => number
  readonly drainHooks: HookList
  readonly stopHooks: HookList
}

/** A shutdown under way. */
export interface Shutdown {
  /** Never rejects. */
  readonly finished: Promise<ShutdownReport>
  /** Ends the notice and the window for streams now, and the drain after at most 3 s. */
  readonly hasten: () => void
  /** What happened so far. */
  readonly counts: () => DrainCounts
}

const hastenedMs = 3_000
const leastStopMs = 1_000

/** Begins a shutdown: when this returns, every answer says `Connection: close` already. */
export function startShutdown(plan: ShutdownPlan): Shutdown {
  const { noticeMs, deadlineMs } = plan.settings
  const drains = beginDrains(plan)
  const notice = createCountdown(noticeMs)
  const deadline = createCountdown(deadlineMs)
  return {
    finished: finish(plan, drains, { notice, deadline }),
    hasten: () => {
      notice.shorten(0)
      deadline.shorten(hastenedMs)
      for (const drain of drains) drain.hasten()
    },
    counts: () => sum(drains),
  }
}

// Goodbyes and WebSocket servers come first, so that at the deadline a connection which they cut is not counted twice.
function beginDrains(plan: ShutdownPlan): ServerDrain[] {
  const { settings, servers, webSocketServers } = plan
  const goodbyes = createGoodbyes()
  const limits = { ...settings, exitIsNext: () => exitIsNext(plan) }
  return [
    asDrain(goodbyes),
    ...webSocketServers.map((server) => drainWebSockets(server, goodbyes, settings.streamsMs)),
    ...servers.map(({ connections, terminator }) =>
      drainServer(connections, terminator, limits, goodbyes),
    ),
  ]
}

// Nothing but the last server's connections is between now and the exit.
function exitIsNext(plan: ShutdownPlan): boolean {
  const { exits, servers, webSocketServers, drainHooks, stopHooks, tracker } = plan
  const others = servers.length - 1 + webSocketServers.length + drainHooks.size + stopHooks.size
  return exits && others === 0 && tracker.running().length === 0 && exitIsNear()
}

function asDrain(goodbyes: Goodbyes): ServerDrain {
  return {
    close: () => Promise.resolve(),
    hasten: () => {},
    force: async () => goodbyes.force(),
    counts: () => ({ ...goodbyes.counts, refused: 0 }),
  }
}

interface Clocks {
  readonly notice: Countdown
  readonly deadline: Countdown
}

async function finish(
  plan: ShutdownPlan,
  drains: readonly ServerDrain[],
  { notice, deadline }: Clocks,
): Promise<ShutdownReport> {
  const startedAt = performance.now()
  const { reason, tracker } = plan
  const { logger } = plan.settings
  const endedBefore = tracker.ended()
  logger.info({ reason, noticeMs: plan.settings.noticeMs }, 'draining')
  const drainHooks = runTogether(plan, deadline)

  await Promise.race([notice.over, deadline.over])
  notice.clear()
  logger.info({}, 'closing listener')
  await closeServers(drains, deadline)
  await Promise.race([tracker.idle(), deadline.over])
  const abandoned = tracker.running()
  const hooks = await drainHooks
  logger.info({ ...sum(drains), abandoned }, 'drained')

  hooks.push(...(await runInTurn(plan, deadline)))
  deadline.clear()
  const work = { completed: tracker.ended() - endedBefore, abandoned }
  const facts = { ...sum(drains), work, uncaught: plan.uncaught(), hooks }
  const report = {
    reason,
    ...judgeShutdown(facts),
    durationMs: performance.now() - startedAt,
    ...facts,
  }
  const { hooks: _, ...logged } = report
  logger.info(logged, 'stopped')
  return report
}

async function closeServers(drains: readonly ServerDrain[], deadline: Countdown): Promise<void> {
  const closed = Promise.all(drains.map((drain) => drain.close()))
  await Promise.race([closed, deadline.over])
  if (deadline.signal.aborted) await Promise.all(drains.map((drain) => drain.force()))
  await closed
}

async function runTogether(plan: ShutdownPlan, limit: Countdown): Promise<HookReport[]> {
  const run = { reason: plan.reason, limit, logger: plan.settings.logger }
  return Promise.all([...plan.drainHooks].map((hook) => runHook(hook, 'drain', run)))
}

// In reverse, since what was opened last may need what was opened first.
async function runInTurn(plan: ShutdownPlan, deadline: Countdown): Promise<HookReport[]> {
  const limit = createCountdown(Math.max(deadline.remainingMs(), leastStopMs))
  const run = { reason: plan.reason, limit, logger: plan.settings.logger }
  const reports: HookReport[] = []
  for (const hook of [...plan.stopHooks].reverse()) reports.push(await runHook(hook, 'stop', run))
  limit.clear()
  return reports
}

function sum(drains: readonly ServerDrain[]): DrainCounts {
  const total = { completed: 0, unresponsive: 0, forced: 0, refused: 0 }
  for (const drain of drains) {
    const { completed, unresponsive, forced, refused } = drain.counts()
    total.completed += completed
    total.unresponsive += unresponsive
    total.forced += forced
    total.refused += refused
  }
  return total
}
