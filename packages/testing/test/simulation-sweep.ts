import { simulate, type Simulation, type SimulationOptions } from '@changeover/testing'
import { expect } from 'vitest'

/** Outcomes of many runs, and every distinct way in which one went wrong, with the line that runs it again. */
export interface Sweep {
  readonly run: (options: SimulationOptions, allowed: readonly Outcome[]) => Promise<Simulation>
  readonly report: (name: string) => number
}

export type Outcome = Simulation['outcome']

const MOST_PROBLEMS = 20

export function simulationSweep(): Sweep {
  const outcomes = new Map<Outcome, number>()
  const problems = new Map<string, string>()
  let runs = 0
  return {
    async run(options, allowed) {
      const simulation = await simulate(options)
      const { outcome, violations, reason = '', replay } = simulation
      runs += 1
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      const wrongEnd = allowed.includes(outcome) ? [] : [`ended ${outcome}: ${reason}`]
      for (const problem of [...violations, ...wrongEnd]) {
        const kind = problem.replaceAll(/\d+/g, 'n')
        if (!problems.has(kind) && problems.size < MOST_PROBLEMS)
          problems.set(kind, `${problem}\n    ${replay}`)
      }
      return simulation
    },
    report(name) {
      const ends = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
      process.stdout.write(`${name}: ${runs} simulated rollouts (${ends})\n`)
      expect([...problems.values()].join('\n'), 'violations').toBe('')
      return runs
    },
  }
}
