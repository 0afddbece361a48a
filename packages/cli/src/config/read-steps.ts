import {
  approve,
  bake,
  boundRate,
  type CanaryStep,
  compareRates,
  compareSamples,
  type Criterion,
  hook,
  judge,
  mirror,
  type RateBoundLimits,
  route,
  type SampleLimits,
  weight,
} from '@changeover/engine'
import { isObject, type Path, readByMaking, type Report } from './problem.ts'
import { trusted } from './trusted.ts'

/** What a kind of step is made by. What is given was never checked: each function refuses what it cannot take. */
type Make = (given: never, path: Path, report: Report) => CanaryStep | undefined

const STEPS: Readonly<Record<string, Make>> = {
  weight: (given: unknown) => {
    if (!isObject(given)) return weight(trusted(given))
    const { percent, ...options } = given
    return weight(trusted(percent), trusted(options))
  },
  bake: (given: unknown) => bake(trusted(given)),
  judge: (given: unknown, path, report) => makeJudge(given, path, report),
  approve: (given: unknown) => {
    if (!isObject(given)) return approve(trusted(given))
    const { gate, ...options } = given
    return approve(trusted(gate), trusted(options))
  },
  hook: (given: unknown) => {
    if (!isObject(given)) return hook(trusted(given))
    const { name, ...options } = given
    return hook(trusted(name), trusted(options))
  },
  route: (given: unknown) => route(trusted(given)),
  mirror: (given: unknown) => mirror(trusted(given)),
}

const NAMES = Object.keys(STEPS).join(', ')

/** Steps as their functions make them; those that were made already stay as they are. */
export function readSteps(value: unknown, path: Path, report: Report): readonly CanaryStep[] {
  if (!Array.isArray(value)) {
    report({ path, problem: 'it is no list', remedy: 'Give a list of steps.' })
    return []
  }
  return value.flatMap((step, i) => readStep(step, [...path, i], report) ?? [])
}

function readStep(step: unknown, path: Path, report: Report): CanaryStep | undefined {
  if (isObject(step) && 'step' in step) return trusted(step)
  const [[name, given] = ['', undefined], ...rest] = isObject(step) ? Object.entries(step) : []
  const make = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined
  if (make === undefined || rest.length > 0) {
    const remedy = `Give one of ${NAMES} for each step, such as { weight: 10 } or { bake: '1m' }.`
    report({ path, problem: 'it is no step', remedy })
    return undefined
  }
  const at = [...path, name]
  return readByMaking(() => make(trusted(given), at, report), at, { report })
}

function makeJudge(given: unknown, path: Path, report: Report): CanaryStep | undefined {
  if (!isObject(given)) {
    const remedy = 'Give { judge: { indicators: { errors: { compareRates: {} } } } }.'
    report({ path, problem: 'it is no judge', remedy })
    return undefined
  }
  const { indicators, ...options } = given
  const read = readIndicators(indicators, [...path, 'indicators'], report)
  return read && judge(read, trusted(options))
}

const CRITERIA: Readonly<Record<string, (limits: unknown) => Criterion>> = {
  compareRates: (limits) => compareRates(trusted(limits)),
  boundRate: (limits) => boundRate(trusted<RateBoundLimits>(limits)),
  compareSamples: (limits) => compareSamples(trusted<SampleLimits>(limits)),
}

/** Undefined where one of them has a problem, which is reported. */
export function readIndicators(
  value: unknown,
  path: Path,
  report: Report,
): Readonly<Record<string, Criterion>> | undefined {
  if (!isObject(value)) {
    const remedy =
      'Give one for each name, such as { errors: { compareRates: { tolerance: 1.25 } } }.'
    report({ path, problem: 'there are no indicators', remedy })
    return undefined
  }
  const read = Object.entries(value).map(
    ([name, one]) => [name, readCriterion(one, [...path, name], report)] as const,
  )
  const whole = read.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]))
  return whole.length === read.length ? Object.fromEntries(whole) : undefined
}

function readCriterion(value: unknown, path: Path, report: Report): Criterion | undefined {
  if (isObject(value) && 'kind' in value) return trusted(value)
  const [[name, limits] = ['', undefined], ...rest] = isObject(value) ? Object.entries(value) : []
  const make = Object.hasOwn(CRITERIA, name) ? CRITERIA[name] : undefined
  if (make === undefined || rest.length > 0) {
    const remedy = `Give one of ${Object.keys(CRITERIA).join(', ')} with its limits.`
    report({ path, problem: 'it is no way to judge', remedy })
    return undefined
  }
  return readByMaking(() => make(limits), [...path, name], { report })
}
