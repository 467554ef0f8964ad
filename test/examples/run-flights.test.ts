import { expect, test } from 'vitest'
import { run } from './run.js'

const SLOW = 180_000

test('stream and batch job give one answer about real flights', { timeout: SLOW }, async () => {
  // At this rate the flights take six batches: as many as the short window has, which then empties step by step.
  const { code, out, err } = await run('flights.mjs', { args: ['--limit', '60000', '--rate', '20000'] })
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(out).toMatch(/^Batch job: 60,000 flights in /m)
  expect(out).toMatch(/^Stream: 60,000 flights in /m)
  expect(out.match(/ flights; worst of the last 6 batches: [A-Z]{2} with /g)!.length).toBeGreaterThan(1)
  // Counted from the file with awk.
  expect(out).toMatch(/^JFK +619 +25\.1 {2}John F Kennedy Intl, NY$/m)
  expect(out).toMatch(/^UT +757 +26\.8$/m)
  expect(out).toMatch(/^OK: stream and batch job agree on 223 airports and 51 states\.$/m)
})
