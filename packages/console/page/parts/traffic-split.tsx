import type { JSX } from 'preact'
import type { PoolView } from '../../src/api/index.ts'
import { countText, weightText } from '../state/share-text.ts'

export interface TrafficSplitProps {
  readonly pools: readonly PoolView[]
  /** The release that is to take over; it has the colour of what is new. */
  readonly newRelease: string | undefined
}

/** Which release gets how much, as a bar and in words. */
export function TrafficSplit({ pools, newRelease }: TrafficSplitProps): JSX.Element {
  if (pools.length === 0) return <p class="faint">No routes yet</p>
  const side = (release: string): string => (release === newRelease ? 'new' : 'old')
  return (
    <div class="split">
      <div class="split-bar" aria-hidden="true">
        {pools
          .filter(({ weight }) => weight > 0)
          .map(({ release, weight }) => (
            <span key={release} class={side(release)} style={{ width: `${weight / 100}%` }} />
          ))}
      </div>
      <ul class="legend">
        {pools.map(({ release, weight, instances }) => (
          <li key={release} class={side(release)}>
            <b>{release}</b> {weightText(weight)}{' '}
            <span class="faint">on {countText(instances, 'instance')}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
