import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Not 'import': Node would hand it on to what a CommonJS package requires.
const conditions = ['@changeover/source', 'node', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/**/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Much of the time goes by waiting for processes and timers: two cores have work for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The tests are full of real processes and signals on a machine that others use too: CI tries a failed one once
    // more, and its last lines name each that needed it. Everywhere else a test that fails has failed.
    retry: Number(process.env['RETRY'] ?? 0),
    reporters: ['default', './test/summary-reporter.ts'],
  },
})
