import type uPlot from 'uplot'
import { shareText } from '../state/share-text.ts'
import type { PlotProps } from './plot-props.ts'

/** A plot of fewer seconds is not filled to its right end yet. */
const shortestSeconds = 30

/** How a plot looks, in the colours that are in force now. */
export function plotOptions(props: PlotProps, box: HTMLElement): uPlot.Options {
  const style = getComputedStyle(box)
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const axis: uPlot.Axis = {
    stroke: colour('faint'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  return {
    width: Math.max(200, box.clientWidth),
    height: 120,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { range: (_, from, to) => [from, Math.max(to, from + shortestSeconds)] },
      y: { range: (_, __, max) => [0, props.max ?? Math.max(0.01, max * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_, times) => times.map(clockText) },
      {
        ...axis,
        size: 48,
        space: 30,
        values: (_, shares) => shares.map((share) => shareText(share)),
      },
    ],
    series: [
      {},
      ...props.lines.map(({ label, side }) => ({
        label,
        stroke: colour(side),
        width: 2,
        points: { show: false },
        spanGaps: true,
        ...(props.stepped ? { paths: stepped } : {}),
      })),
    ],
  }
}

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB')
}

/** A weight holds until the next one is in force. */
const stepped: uPlot.Series.PathBuilder = (chart, index, from, to) => {
  const stroke = new Path2D()
  const times = chart.data[0]
  const values = chart.data[index] ?? []
  let begun = false
  let before = 0
  for (let i = from; i <= to; i += 1) {
    const [time, value] = [times[i], values[i]]
    if (time === undefined || typeof value !== 'number') continue
    const x = chart.valToPos(time, 'x', true)
    const y = chart.valToPos(value, 'y', true)
    if (begun) {
      stroke.lineTo(x, before)
      stroke.lineTo(x, y)
    } else stroke.moveTo(x, y)
    begun = true
    before = y
  }
  return { stroke }
}
