import type { JSX } from 'preact'
import type { RolloutView } from '../../src/api/index.ts'
import { useApp } from '../app-context.ts'
import {
  lastText,
  type Lines,
  trafficLines,
  type TrafficRow,
  trafficRows,
  weightLines,
} from '../state/plot-lines.ts'
import type { RolloutState } from '../state/rollout.ts'
import { shareText } from '../state/share-text.ts'
import { slowBound, type TrafficPoint } from '../state/traffic.ts'
import type { WeightPoint } from '../state/weights.ts'
import type { PlotLine } from './plot-props.ts'
import { Plot } from './plot.tsx'

export interface PlotsProps {
  readonly state: RolloutState
  readonly view: RolloutView
}

/** Old beside new, as it comes: who gets the traffic, how much of it fails, how much is slow. */
export function Plots({ state, view }: PlotsProps): JSX.Element {
  const { clock } = useApp().client
  const { traffic, weights } = state
  const releases = [view.to.id, ...(view.from ? [view.from.id] : [])]
  const bound = slowBound(traffic)
  const bad = trafficLines(traffic, releases, (point) => point.bad)
  const slow = trafficLines(traffic, releases, slowerThan(bound))
  const inForce = weightLines(weights, releases, before(view), view.finishedAt ?? clock.now())
  return (
    <section class="panel" aria-labelledby="traffic">
      <div class="panel-head">
        <h2 id="traffic">Traffic</h2>
        <ul class="legend">
          {releases.map((release, index) => (
            <li key={release} class={side(index)}>
              {release}
            </li>
          ))}
        </ul>
      </div>
      <Plot
        title="Weights"
        summary={lastText(inForce, releases)}
        stepped
        max={1}
        {...plotted(inForce, releases)}
      />
      {traffic.intervals.length === 0 ? (
        <p class="faint">
          {view.outcome === undefined
            ? 'Requests are counted from now on…'
            : 'Requests are counted while a rollout runs.'}
        </p>
      ) : (
        <>
          <Plot
            title="Failed requests"
            summary={lastText(bad, releases)}
            {...plotted(bad, releases)}
          />
          {bound !== undefined && (
            <Plot
              title={`Slower than ${bound} ms`}
              summary={lastText(slow, releases)}
              {...plotted(slow, releases)}
            />
          )}
          <Seen rows={trafficRows(traffic, releases, bound)} bound={bound} />
        </>
      )}
    </section>
  )
}

/** The release that was there had everything; before the first one there was nothing. */
function before({ startedAt, from }: RolloutView): WeightPoint {
  return { at: startedAt, weights: from ? { [from.id]: 10_000 } : {} }
}

function slowerThan(bound: string | undefined): (point: TrafficPoint) => number | undefined {
  return (point) => (bound === undefined ? undefined : point.slow[bound])
}

function side(index: number): 'old' | 'new' {
  return index === 0 ? 'new' : 'old'
}

function plotted(
  lines: Lines,
  releases: readonly string[],
): { times: readonly number[]; lines: readonly PlotLine[] } {
  const { times, values } = lines
  return {
    times,
    lines: releases.map((label, index) => ({
      label,
      side: side(index),
      values: values[index] ?? [],
    })),
  }
}

/** The plots as a table: for those who listen, and for those who want numbers. */
function Seen({
  rows,
  bound,
}: {
  readonly rows: readonly TrafficRow[]
  readonly bound: string | undefined
}): JSX.Element {
  return (
    <table class="seen">
      <caption class="unseen">Traffic since this page was opened</caption>
      <thead>
        <tr>
          <th scope="col">Release</th>
          <th scope="col">Now</th>
          <th scope="col">Seen</th>
          <th scope="col">Failed</th>
          {bound !== undefined && <th scope="col">&gt; {bound} ms</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ release, perSecond, requests, bad, slow }) => (
          <tr key={release}>
            <th scope="row">{release}</th>
            <td>{Math.round(perSecond).toLocaleString('en')}/s</td>
            <td>{requests.toLocaleString('en')}</td>
            <td>{shareText(bad)}</td>
            {bound !== undefined && <td>{shareText(slow)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
