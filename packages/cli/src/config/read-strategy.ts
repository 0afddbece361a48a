import { blueGreen, canary, rolling, type Strategy } from '@changeover/engine'
import { isObject, type Path, readByMaking, type Report } from './problem.ts'
import { readIndicators, readSteps } from './read-steps.ts'
import { trusted } from './trusted.ts'

type Read = (options: Readonly<Record<string, unknown>>, path: Path, report: Report) => Strategy

const STRATEGIES: Readonly<Record<string, Read>> = {
  rolling: (options, path, report) => rolling(withSteps(options, 'gates', path, report)),
  canary: (options, path, report) => canary(trusted(withSteps(options, 'steps', path, report))),
  blueGreen: (options, path, report) =>
    blueGreen(withWatch(withSteps(options, 'steps', path, report), path, report)),
}

const REMEDY = `Give rolling(), canary() or blueGreen(), or as data one of ${Object.keys(STRATEGIES).join(', ')} with its options: { rolling: { maxSurge: 1 } }.`

/** The strategy that a config names; undefined where it has a problem, which is reported. */
export function readStrategy(value: unknown, path: Path, report: Report): Strategy | undefined {
  if (value === undefined) return rolling()
  if (isStrategy(value)) return value
  const [[name, options] = ['', undefined], ...rest] = isObject(value) ? Object.entries(value) : []
  const read = Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name] : undefined
  if (read === undefined || rest.length > 0 || !isObject(options)) {
    report({ path, problem: 'it is no strategy', remedy: REMEDY })
    return undefined
  }
  return readOptions(read, options, { path: [...path, name], report })
}

/** A step that has a problem is missing; what the strategy says of the rest would only mislead. */
function readOptions(
  read: Read,
  options: Readonly<Record<string, unknown>>,
  { path, report }: { readonly path: Path; readonly report: Report },
): Strategy | undefined {
  let problems = 0
  const count: Report = (problem) => {
    problems++
    report(problem)
  }
  const ofTheRest: Report = (problem) => problems === 0 && report(problem)
  const strategy = readByMaking(() => read(options, path, count), path, { report: ofTheRest })
  return problems === 0 ? strategy : undefined
}

function withSteps(
  options: Readonly<Record<string, unknown>>,
  key: 'gates' | 'steps',
  path: Path,
  report: Report,
): Readonly<Record<string, unknown>> {
  if (options[key] === undefined) return options
  return { ...options, [key]: readSteps(options[key], [...path, key], report) }
}

function withWatch(
  options: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): Readonly<Record<string, unknown>> {
  const { watch } = options
  if (!isObject(watch)) return options
  const at = [...path, 'watch', 'indicators']
  return {
    ...options,
    watch: { ...watch, indicators: readIndicators(watch['indicators'], at, report) },
  }
}

function isStrategy(value: unknown): value is Strategy {
  return isObject(value) && typeof value['plan'] === 'function'
}
