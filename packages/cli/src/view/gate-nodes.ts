import type { GateView } from '@changeover/console/api'
import type { IndicatorLook, JudgeLook, Verdict } from '@changeover/engine'
import { counted, shareOf } from './amounts.ts'
import type { Mark } from './style.ts'
import type { TreeNode } from './tree.ts'

const VERDICT_MARKS: Readonly<Record<Verdict['verdict'], Mark>> = {
  pass: 'done',
  fail: 'failed',
  inconclusive: 'warning',
}

/** What a gate has come to: evidence while it judges, its verdict afterwards, and who approved. */
export function gateNodes(
  gate: GateView,
  look: JudgeLook | undefined,
  fourEyes = false,
): TreeNode[] {
  const approvals = gate.approvals.map((name) => leaf('☑', name, 'Approval', 'done', 'yes', ''))
  if (gate.verdict) return [...approvals, verdictNode(gate.verdict)]
  if (gate.kind === 'judge') return gate.open ? judgeNodes(gate, look) : []
  if (gate.kind !== 'approve' || !gate.open) return approvals
  return [...approvals, missingNode(gate, fourEyes)]
}

function verdictNode({ verdict, evidence, reason }: Verdict): TreeNode {
  const info = `${counted(evidence, 'observation')}: ${reason}`
  return leaf('α', 'verdict', 'Verdict', VERDICT_MARKS[verdict], verdict, info)
}

function judgeNodes(gate: GateView, look: JudgeLook | undefined): TreeNode[] {
  if (look) return look.indicators.map(indicatorNode)
  return gate.thresholds.map((text) =>
    leaf('α', 'threshold', 'Judge', 'active', 'no data yet', text),
  )
}

function indicatorNode(seen: IndicatorLook): TreeNode {
  const { indicator, verdict } = seen
  const mark = verdict === 'inconclusive' ? 'active' : VERDICT_MARKS[verdict]
  const text = verdict === 'inconclusive' ? 'undecided' : verdict
  return leaf('α', indicator, 'Indicator', mark, text, indicatorInfo(seen))
}

function indicatorInfo({ evidence, candidate, baseline, towards, reason }: IndicatorLook): string {
  const far = (towards ?? []).map(
    (one) => `${one.verdict} ${short(one.value)} of ${short(one.threshold)}`,
  )
  const rates =
    candidate && baseline
      ? `new ${shareOf(candidate.bad, candidate.total)}, old ${shareOf(baseline.bad, baseline.total)}`
      : undefined
  const parts = [...far, rates, counted(evidence, 'request')]
  return far.length > 0 ? parts.filter((part) => part !== undefined).join(', ') : reason
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
}

function missingNode(gate: GateView, fourEyes: boolean): TreeNode {
  const missing = gate.quorum - gate.approvals.length
  const who = gate.notRequester || fourEyes ? 'not of whoever asked for the rollout' : ''
  return leaf('☐', counted(missing, 'approval'), 'Approval', 'waiting', 'missing', who)
}

function leaf(
  icon: string,
  name: string,
  kind: string,
  mark: Mark,
  text: string,
  info: string,
): TreeNode {
  return { icon, name, kind, status: { mark, text }, age: undefined, info, children: [] }
}
