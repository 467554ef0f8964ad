import { defineConfig } from 'vitest/config'

// Tests import the built package (dist/), because worker threads can only load built JavaScript.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
  },
})
