import type { IndicatorLook, JudgeLook } from '@changeover/engine'
import type { JSX } from 'preact'
import type { GateView, RolloutView } from '../../src/api/index.ts'
import { countsText, type EvidenceBar, evidenceBars, evidenceText } from '../state/evidence.ts'
import type { Tone } from '../state/status.ts'
import { Badge } from './badge.tsx'

export interface GatesProps {
  readonly view: RolloutView
  readonly looks: Readonly<Record<string, JudgeLook>>
}

/** Where the plan waits for a judgement or a person, and what each has come to. */
export function Gates({ view, looks }: GatesProps): JSX.Element | null {
  if (view.gates.length === 0) return null
  return (
    <section class="panel" aria-labelledby="gates">
      <h2 id="gates">Gates</h2>
      <ul class="gates">
        {view.gates.map((gate) => (
          <Gate key={gate.gate} gate={gate} look={looks[gate.gate]} view={view} />
        ))}
      </ul>
    </section>
  )
}

interface GateProps {
  readonly gate: GateView
  readonly look: JudgeLook | undefined
  readonly view: RolloutView
}

const kinds: Readonly<Record<GateView['kind'], string>> = {
  judge: 'judge',
  approve: 'approval',
  hook: 'hook',
}

function Gate({ gate, look, view }: GateProps): JSX.Element {
  const { verdict } = gate
  return (
    <li class={gate.open ? 'gate open' : 'gate'}>
      <div class="panel-head">
        <h3>
          {gate.gate} <span class="faint">{kinds[gate.kind]}</span>
        </h3>
        <GateBadge gate={gate} />
      </div>
      {gate.kind === 'approve' && <Approvals gate={gate} view={view} />}
      {gate.thresholds.length > 0 && (
        <ul class="thresholds">
          {gate.thresholds.map((threshold) => (
            <li key={threshold}>{threshold}</li>
          ))}
        </ul>
      )}
      {look?.indicators.map((indicator) => (
        <Indicator key={indicator.indicator} look={indicator} />
      ))}
      {verdict && (
        <p class="verdict">
          {verdict.reason} <span class="faint">({verdict.evidence.toLocaleString('en')} seen)</span>
        </p>
      )}
    </li>
  )
}

const tones: Readonly<Record<'pass' | 'fail' | 'inconclusive', Tone>> = {
  pass: 'good',
  fail: 'bad',
  inconclusive: 'warn',
}

function GateBadge({ gate: { verdict, open, kind } }: { readonly gate: GateView }): JSX.Element {
  if (verdict) return <Badge tone={tones[verdict.verdict]}>{verdict.verdict}</Badge>
  if (open && kind === 'approve') return <Badge tone="warn">waiting for people</Badge>
  return <Badge tone={open ? 'busy' : 'idle'}>{open ? 'open' : 'to come'}</Badge>
}

function Approvals({ gate, view }: Pick<GateProps, 'gate' | 'view'>): JSX.Element {
  const { approvals, quorum } = gate
  const { by, fourEyes } = view
  const notRequester = gate.notRequester || fourEyes === true
  return (
    <p>
      {approvals.length} of {quorum} approved{approvals.length > 0 && <>: {approvals.join(', ')}</>}
      {notRequester && by !== undefined && <span class="faint"> (not {by}, who asked for it)</span>}
    </p>
  )
}

function Indicator({ look }: { readonly look: IndicatorLook }): JSX.Element {
  const counts = countsText(look)
  return (
    <div class="indicator">
      <p>
        <b>{look.indicator}</b> {counts !== undefined && <span class="faint">{counts}</span>}
      </p>
      {evidenceBars(look).map((bar) => (
        <Bar key={bar.verdict} bar={bar} />
      ))}
      <p class="faint">{look.reason}</p>
    </div>
  )
}

/** How far the evidence has come; the end of the bar is where the judge decides. */
function Bar({ bar }: { readonly bar: EvidenceBar }): JSX.Element {
  const { verdict, value, threshold, filled } = bar
  const text = `${evidenceText(value)} of ${evidenceText(threshold)}`
  return (
    <div class={`evidence ${verdict}`}>
      <span>{verdict}</span>
      <span
        class="evidence-bar"
        role="meter"
        aria-label={`Evidence to ${verdict}`}
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={Number(filled.toFixed(3))}
        aria-valuetext={text}
      >
        <span style={{ width: `${filled * 100}%` }} />
      </span>
      <span class="number">{text}</span>
    </div>
  )
}
