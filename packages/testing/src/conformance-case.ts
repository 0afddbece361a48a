/** What a suite tests, made anew for each of its tests. */
export interface ConformanceSubject {
  /** Closes whatever is open, and removes what the test left. Called after each test. */
  readonly close: () => Promise<void>
}

/** Options of a conformance suite. */
export interface ConformanceOptions<Subject extends ConformanceSubject> {
  /** Registers one test: `test` of vitest, of `node:test`, `it` of mocha or jest. Give it 30 seconds for each. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Makes a subject that nothing was done to yet. Called once per test. */
  readonly create: () => Promise<Subject>
}

/** One sentence about every implementation of a port, and how it is checked. */
export type ConformanceCase<Subject> = readonly [
  name: string,
  check: (subject: Subject) => Promise<void>,
]

/** Registers one test for each case. `port` begins its name. */
export function registerCases<Subject extends ConformanceSubject>(
  port: string,
  cases: readonly ConformanceCase<Subject>[],
  { test, create }: ConformanceOptions<Subject>,
): void {
  for (const [name, check] of cases) {
    test(`${port}: ${name}`, async () => {
      const subject = await create()
      try {
        await check(subject)
      } finally {
        await subject.close()
      }
    })
  }
}
