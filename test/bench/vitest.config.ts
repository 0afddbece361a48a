import { defineConfig, mergeConfig } from 'vitest/config'
import tests from '../../vitest.config.ts'

const benches = {
  include: ['test/bench/*.bench.ts'],
  testTimeout: 28 * 60_000,
  fileParallelism: false,
  reporters: ['default'],
}

const { test: usual, ...others } = tests

export default defineConfig(mergeConfig(others, { test: { ...usual, ...benches } }))
