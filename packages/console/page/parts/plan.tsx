import type { JSX } from 'preact'
import type { RolloutView, StepView } from '../../src/api/index.ts'
import { durationText } from '../state/time-text.ts'
import { progressOf } from '../state/status.ts'
import { Progress } from './progress.tsx'
import { Left, useNow } from './time.tsx'

const stateText: Readonly<Record<StepView['state'], string>> = {
  done: 'done',
  active: 'under way',
  next: 'to come',
}

/** The steps, with where it stands. */
export function Plan({ view }: { readonly view: RolloutView }): JSX.Element {
  const { done, all } = progressOf(view)
  return (
    <section class="panel" aria-labelledby="plan">
      <div class="panel-head">
        <h2 id="plan">{view.direction === 'back' ? 'The way back' : 'Plan'}</h2>
        <span class="faint">
          {done} of {all} steps
        </span>
      </div>
      <Progress done={done} all={all} />
      <ol class="steps">
        {view.steps.map((step, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- a step is its place in the plan
          <Step key={`${view.direction} ${index}`} step={step} paused={view.paused !== undefined} />
        ))}
      </ol>
    </section>
  )
}

function Step({
  step,
  paused,
}: {
  readonly step: StepView
  readonly paused: boolean
}): JSX.Element {
  const { state, text, startedAt, endsAt } = step
  return (
    <li class={`step ${state}`} aria-current={state === 'active' ? 'step' : undefined}>
      <span class="unseen">{stateText[state]}: </span>
      <span class="step-text">{text}</span>
      {state === 'active' && (
        <span class="step-time">
          {paused && 'paused'}
          {!paused && endsAt !== undefined && <Left endsAt={endsAt} />}
          {!paused && endsAt === undefined && startedAt !== undefined && <Since at={startedAt} />}
        </span>
      )}
    </li>
  )
}

function Since({ at }: { readonly at: number }): JSX.Element {
  const now = useNow()
  return <>for {durationText(now - at)}</>
}
