import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

/**
 * Ends the run with what a log that is cut short must still show: each failed test in a line, each test that
 * passed only when tried again (`RETRY`, see vitest.config.ts), then `N passed, N failed`, for people and CI alike.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    // What breaks before or after the tests of a file or a suite leaves them skipped.
    const suites = modules.flatMap((module) => [...module.children.allSuites()])
    const broken = [...modules, ...suites].filter((part) => part.errors().length > 0)
    const inState = (state: string): readonly TestCase[] =>
      tests.filter((test) => test.result().state === state)
    const [passed, failed, skipped] = [inState('passed'), inState('failed'), inState('skipped')]
    const lines = [
      ...failed.map((test) => `failed: ${nameOf(test)}: ${firstLine(test.result().errors)}`),
      ...broken.map((part) => `failed: ${nameOf(part)}: ${firstLine(part.errors())}`),
      ...errors.map((error) => `failed outside of any test: ${firstLine([error])}`),
      ...passed
        .filter((test) => test.diagnostic()?.flaky)
        .map(
          (test) => `passed when tried again: ${nameOf(test)}: ${firstLine(test.result().errors)}`,
        ),
    ]
    const failures = failed.length + broken.length + errors.length
    const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
    const summary = `${passed.length} passed, ${failures} failed${tail}`
    process.stdout.write(`\n${[...lines, summary].join('\n')}\n`)
  }
}

const nameOf = (part: TestCase | TestModule | { fullName: string; module: TestModule }): string =>
  'fullName' in part ? `${part.module.relativeModuleId} > ${part.fullName}` : part.relativeModuleId

const firstLine = (errors: readonly { message: string }[] | undefined): string =>
  errors?.[0]?.message.split('\n', 1)[0] ?? 'no message'
