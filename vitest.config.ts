import { defineConfig } from 'vitest/config'

// Tests import the built package (dist/) and, for its inner parts, the compiled modules (build/), because worker threads can only load built JavaScript.
const report = process.env.MILLRACE_TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
