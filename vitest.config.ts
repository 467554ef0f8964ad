import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { HeavyFirst } from './test/support/heavy-first.js'

// Tests import the built package (dist/) and, for its inner parts, the compiled modules (build/), because worker threads can only load built JavaScript.
const report = process.env.MILLRACE_TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Many tests wait for threads to boot or for time to pass: two files at a time, also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: HeavyFirst },
    // Node loads what is built. Otherwise each test file would transform it once more: a second a file.
    server: { deps: { external: [/\/(build|dist)\//] } },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    retry: 0,
    // The default of a second is too short on a busy machine.
    expect: { poll: { timeout: 300_000 } },
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
