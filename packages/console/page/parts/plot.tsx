import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { plotOptions } from './plot-options.ts'
import type { PlotProps } from './plot-props.ts'

/** Lines over time, drawn once the page is there: it does not wait for what draws them. */
export function Plot(props: PlotProps): JSX.Element {
  const { title, summary } = props
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  // Another number of lines is another plot.
  const shape = props.lines.map(({ label, side }) => `${label} ${side}`).join()

  useEffect(() => {
    const box = place.current
    if (!box) return undefined
    const dark = matchMedia('(prefers-color-scheme: dark)')
    let gone = false
    const draw = async (): Promise<void> => {
      const { default: UPlot } = await import('uplot')
      if (gone) return
      chart.current?.destroy()
      chart.current = new UPlot(plotOptions(latest.current, box), dataOf(latest.current), box)
    }
    const again = (): void => void draw()
    const resized = new ResizeObserver(() => {
      const { width, height } = chart.current ?? { width: 0, height: 0 }
      if (box.clientWidth > 0 && box.clientWidth !== width)
        chart.current?.setSize({ width: box.clientWidth, height })
    })
    again()
    resized.observe(box)
    dark.addEventListener('change', again)
    return () => {
      gone = true
      resized.disconnect()
      dark.removeEventListener('change', again)
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [shape])

  useEffect(() => {
    chart.current?.setData(dataOf(props))
  })

  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b> <span>{summary}</span>
      </figcaption>
      <div ref={place} class="plot-box" aria-hidden="true" />
    </figure>
  )
}

function dataOf({ times, lines }: PlotProps): uPlot.AlignedData {
  return [times.map((at) => at / 1000), ...lines.map(({ values }) => [...values])]
}
