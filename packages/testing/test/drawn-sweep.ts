import { seededRandom } from '../src/seeded-random.ts'
import { drawSimulation } from './drawn-simulations.ts'
import { simulationSweep } from './simulation-sweep.ts'

/** Runs simulations drawn from these seeds; each has to end safely, whatever went wrong. Gives how many ran. */
export async function sweepDrawn(name: string, from: number, to: number): Promise<number> {
  const sweep = simulationSweep()
  for (let seed = from; seed < to; seed += 1) {
    const options = drawSimulation(seededRandom(seed), seed)
    await sweep.run(options, ['promoted', 'rolled-back'])
  }
  return sweep.report(name)
}
