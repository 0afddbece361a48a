export interface PlotLine {
  readonly label: string
  readonly side: 'old' | 'new'
  readonly values: readonly (number | undefined)[]
}

export interface PlotProps {
  readonly title: string
  /** What the plot says, for those who do not see it. */
  readonly summary: string
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[]
  readonly lines: readonly PlotLine[]
  /** Values hold until the next one, rather than being joined by slopes. */
  readonly stepped?: boolean
  /** Upper end of the axis; else it fits the values. */
  readonly max?: number
}
