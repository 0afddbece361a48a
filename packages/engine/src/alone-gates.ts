import type { NamedGate } from './plan-gate.ts'

/** Gates that can be passed without a release to compare with, and what a person should know of the others. */
export interface AloneGates {
  readonly gates: readonly NamedGate[]
  readonly warnings: readonly string[]
}

/** Leaves out what compares: nothing serves beside the new release. Bounds, bakes, people and hooks stay. */
export function gatesAlone(gates: readonly NamedGate[]): AloneGates {
  const warnings: string[] = []
  const left = gates.flatMap((gate): NamedGate[] => {
    if (gate.step !== 'judge') return [gate]
    const all = Object.entries(gate.indicators)
    const bounds = all.filter(([, { kind }]) => kind === 'bound-rate')
    if (bounds.length === all.length) return [gate]
    warnings.push(`gate "${gate.gate}" leaves out what it would compare with another release`)
    return bounds.length > 0 ? [{ ...gate, indicators: Object.fromEntries(bounds) }] : []
  })
  return { gates: left, warnings }
}
