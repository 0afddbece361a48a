import { styleText } from 'node:util'
import type { InstanceState, Pool, RolloutState, Step, TrafficSample } from '@changeover/engine'
import { formatLoadReport, type LoadReport } from '@changeover/testing'

/** What the audience sees at one instant. */
export interface Scene {
  readonly url: string
  readonly elapsedMs: number
  /** The rollout under way, or the last one. */
  readonly rollout: RolloutState | undefined
  /** What the router says is in force. */
  readonly pools: readonly Pool[]
  /** The router's own counts. */
  readonly traffic: TrafficSample
  readonly load: LoadPace | undefined
  /** What has happened so far, one line each. */
  readonly past: readonly string[]
}

/** The load and how fast it goes. */
export interface LoadPace {
  readonly report: LoadReport
  readonly perSecond: number
}

type Look = Parameters<typeof styleText>[0]

/** Text in colour; without one, the text itself. */
export type Paint = (look: Look, text: string) => string

export const colours: Paint = (look, text) => styleText(look, text, { validateStream: false })
export const noColours: Paint = (_, text) => text

const BAR_CELLS = 24
const LOOKS: Readonly<Record<string, Look>> = {
  serving: 'green',
  'ready, waiting': 'cyan',
  starting: 'yellow',
  launching: 'yellow',
  draining: 'magenta',
  stopping: 'gray',
}

/** The whole picture, line by line. Pure. */
export function render(scene: Scene, paint: Paint): string[] {
  const blocks = [
    head(scene, paint),
    rolloutLines(scene, paint),
    releaseLines(scene, paint),
    instanceLines(scene, paint),
    loadLines(scene.load, paint),
    scene.past,
  ]
  return blocks.flatMap((lines) => (lines.length > 0 ? ['', ...lines] : []))
}

/** The load in one line. */
export function describeLoad({ report, perSecond }: LoadPace): string {
  return `${Math.round(perSecond)} requests/s · ${formatLoadReport(report)}`
}

function head({ url, elapsedMs }: Scene, paint: Paint): string[] {
  const title = paint('bold', 'Changeover: a rolling update under load'.padEnd(56))
  return [`${title}${`${(elapsedMs / 1000).toFixed(1)} s`.padStart(8)}`, `try: curl ${url}`]
}

function rolloutLines({ rollout }: Scene, paint: Paint): string[] {
  if (!rollout) return []
  const { plan, direction, outcome, position, steps } = rollout
  const [from, to] = [plan.from?.id ?? 'nothing', plan.to.id]
  const way = direction === 'back' ? paint('red', `${from} ← ${to}`) : `${from} → ${to}`
  const step = steps[position]
  const doing = step ? `step ${position + 1} of ${steps.length}: ${describeStep(step)}` : ''
  return [`${paint('bold', way)}   ${outcome ?? doing}`]
}

function describeStep(step: Step): string {
  if (step.step !== 'replace') return step.step
  const { replicas, release, surge, unavailable } = step
  return `replace all by ${replicas} × ${release} (surge ${surge}, unavailable ${unavailable})`
}

function releaseLines({ rollout, pools, traffic }: Scene, paint: Paint): string[] {
  if (!rollout) return []
  const { from, to } = rollout.plan
  const ids = [from?.id, to.id].filter((id) => id !== undefined)
  const lines = ids.map((id) => {
    const pool = pools.find(({ release }) => release === id)
    const { total = 0, bad = 0 } = traffic[id] ?? {}
    const counts = `${grouped(total).padStart(12)} requests ${grouped(bad).padStart(4)} errors`
    const weight = pool?.weight ?? 0
    return `  ${id.padEnd(9)}${bar(weight, paint)} ${percent(weight).padStart(5)}${counts}`
  })
  return lines
}

function instanceLines({ rollout, pools }: Scene, paint: Paint): string[] {
  const routed = new Set(pools.flatMap(({ instances }) => instances.map(({ id }) => id)))
  const instances = [...(rollout?.instances.values() ?? [])]
  return instances.map((instance) => {
    const state = describeInstance(instance, routed.has(instance.id))
    const { id, release } = instance
    return `  ${id.padEnd(9)}${release.padEnd(5)}${paint(LOOKS[state] ?? 'reset', state)}`
  })
}

function describeInstance({ phase }: InstanceState, routed: boolean): string {
  if (phase === 'ready') return 'ready, waiting'
  if (phase !== 'available') return phase
  return routed ? 'serving' : 'draining'
}

function loadLines(load: LoadPace | undefined, paint: Paint): string[] {
  if (!load) return []
  return [`  ${paint(load.report.dropped > 0 ? 'red' : 'green', describeLoad(load))}`]
}

function bar(weight: number, paint: Paint): string {
  const cells = Math.round((weight / 10_000) * BAR_CELLS)
  return `${paint('cyan', '█'.repeat(cells))}${paint('gray', '░'.repeat(BAR_CELLS - cells))}`
}

function percent(weight: number): string {
  return `${Math.round(weight / 100)} %`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
