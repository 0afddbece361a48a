import { type Clock, onAbort } from '@changeover/engine'
import type { CallTarget } from './call-process.ts'
import type { ProcessEvents } from './process-events.ts'
import type { ProcessSettings } from './process-options.ts'
import type { Hello, Notice } from './protocol.ts'
import { reachProcess } from './reach-process.ts'
import { isSteady, type RestartSchedule } from './restart-schedule.ts'
import { revive } from './revival.ts'

/** Why nothing is done any more by an adapter that was closed. */
export const CLOSED = 'the router is closed'

/** How it stands with the process. */
export type LinkState =
  | { readonly name: 'idle' }
  | { readonly name: 'reaching' | 'reviving'; readonly reached: Promise<Hello> }
  | { readonly name: 'up'; readonly hello: Hello }
  | { readonly name: 'down' | 'closed'; readonly reason: string }

/** An adapter's bond with its process: found or started, listened to, and started again when it crashed. */
export interface ProcessLink {
  readonly state: () => LinkState
  /** Finds or starts the process, whatever became of it before. @throws ChangeoverError why not */
  open(): Promise<Hello>
  /** Finds the process that somebody else started. @throws an error where there is none, or not the right one */
  find(): Promise<Hello>
  /** Leaves the process to itself. */
  close(): void
}

/** What the holder of a link wants to hear. */
export interface LinkListener {
  readonly onNotice: (notice: Exclude<Notice, { readonly event: 'stopping' }>) => void
  /** What became of the process, and so of all its services. */
  readonly onNews: (news: string) => void
}

interface Link extends LinkListener {
  readonly settings: ProcessSettings
  readonly target: CallTarget
  readonly clock: Clock
  readonly closing: AbortController
  state: LinkState
  /** The process has said that it stops. */
  stopping: boolean
  /** Starts in a row that did not last. */
  starts: number
}

/** A link that nobody has asked for yet. */
export function processLink(
  settings: ProcessSettings,
  target: CallTarget,
  clock: Clock,
  listener: LinkListener,
): ProcessLink {
  const link: Link = {
    ...listener,
    settings,
    target,
    clock,
    closing: new AbortController(),
    state: { name: 'idle' },
    stopping: false,
    starts: 0,
  }
  return {
    state: () => link.state,
    open: () => enter(link, true),
    find: () => enter(link, false),
    close() {
      link.state = { name: 'closed', reason: CLOSED }
      link.closing.abort(new Error(CLOSED))
    },
  }
}

function enter(link: Link, start: boolean): Promise<Hello> {
  const { state } = link
  if (state.name === 'up') return Promise.resolve(state.hello)
  if (state.name === 'reaching' || state.name === 'reviving') return state.reached
  link.starts = 0
  const before = !start && state.name === 'down' ? state.reason : undefined
  const reached = reach(link, start).then(
    (events) => arrive(link, events),
    (error: unknown) => fail(link, before ?? messageOf(error), error),
  )
  link.state = { name: 'reaching', reached }
  return reached
}

async function reach(link: Link, start: boolean): Promise<ProcessEvents> {
  const { settings, target, clock, closing } = link
  const hear = (notice: Notice): void => {
    if (notice.event === 'stopping') link.stopping = true
    else link.onNotice(notice)
  }
  link.stopping = false
  const events = await reachProcess(settings, target, clock, hear, { start })
  if (events && !closing.signal.aborted) return events
  events?.close()
  throw closing.signal.aborted ? closing.signal.reason : new Error('no router process runs')
}

function fail(link: Link, reason: string, error: unknown): never {
  if (link.state.name !== 'closed') link.state = { name: 'down', reason }
  throw error
}

function arrive(link: Link, { hello, ended, close }: ProcessEvents): Hello {
  const { clock, closing } = link
  const since = clock.now()
  link.state = { name: 'up', hello }
  const forget = onAbort(closing.signal, close)
  void ended.then(() => {
    forget()
    if (!closing.signal.aborted) depart(link, hello, clock.now() - since)
  })
  return hello
}

function depart(link: Link, { pid }: Hello, livedMs: number): void {
  const { restart } = link.settings
  const was = `router process ${pid} ${link.stopping ? 'was stopped' : 'ended unexpectedly'}`
  if (link.stopping || restart === 'never') {
    link.state = { name: 'down', reason: was }
    return tell(link, `${was}: nothing is served`)
  }
  if (isSteady(livedMs, link.starts, restart)) link.starts = 0
  const reached = comeBack(link, restart)
  reached.catch(() => undefined) // Told; and those who wait for it hear of it.
  link.state = { name: 'reviving', reached }
  tell(link, `${was}, and is started again`)
}

async function comeBack(link: Link, schedule: RestartSchedule): Promise<Hello> {
  const { clock, closing, starts } = link
  const { signal } = closing
  const start = (): Promise<ProcessEvents> => reach(link, true)
  try {
    const revived = await revive({ schedule, starts, clock, signal, start })
    link.starts = revived.starts
    const hello = arrive(link, revived.events)
    tell(link, `router process ${hello.pid} serves the last tables again`)
    return hello
  } catch (error) {
    if (!signal.aborted) tell(link, `${messageOf(error)}; nothing is served`)
    return fail(link, messageOf(error), error)
  }
}

function tell({ settings, onNews }: Link, news: string): void {
  settings.logger.warn(news)
  onNews(news)
}

/**
 * Resolves when the process can be called, with the reason where it cannot. A process that is being started again is waited
 * for by those who are `patient`. A link that was never opened is opened; a process that is down is looked for.
 *
 * @throws the signal's reason
 */
export async function whyAway(
  link: ProcessLink,
  signal: AbortSignal,
  { patient }: { readonly patient: boolean },
): Promise<string | undefined> {
  const state = link.state()
  if (state.name === 'closed') return state.reason
  if (state.name === 'reviving' && !patient)
    return 'the router process has ended, and is being started again'
  try {
    await unlessAborted(state.name === 'down' ? link.find() : link.open(), signal)
    return undefined
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return state.name === 'down' ? `${state.reason}; ${messageOf(error)}` : messageOf(error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const forget = onAbort(signal, () => reject(signal.reason))
    void work.then(resolve, reject).finally(forget)
  })
}
