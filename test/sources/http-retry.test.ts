import { expect, test } from 'vitest'
import { HttpRetry } from '#build/sources/http-retry.js'

const make = () =>
  new HttpRetry({
    reconnect: { min: 250, max: 16_000 },
    httpError: 5000,
    rateLimit: 60_000,
    now: () => 1_700_000_000_000,
  })
const times = (count: number, next: () => number) => Array.from({ length: count }, next)

test('each kind of failure grows by its own rule up to its own limit', () => {
  const retry = make()
  expect(times(3, () => retry.network())).toEqual([250, 500, 750])
  expect(times(8, () => retry.status(503, {}))).toEqual([5, 10, 20, 40, 80, 160, 320, 320].map((s) => s * 1000))
  expect(times(6, () => retry.status(429, {}))).toEqual([1, 2, 4, 8, 16, 16].map((minutes) => minutes * 60_000))
  expect(times(100, () => retry.network()).at(-1)).toBe(16_000)
  expect(retry.drop()).toBe(250)
  expect([retry.network(), retry.status(500, {}), retry.status(420, {})]).toEqual([250, 5000, 60_000])
})

test('hints of the server: seconds, dates, the end of a limit', () => {
  const retry = make()
  expect(retry.status(503, { 'retry-after': '3' })).toBe(3000)
  expect(retry.status(503, { 'retry-after': new Date(1_700_000_009_000).toUTCString() })).toBe(9000)
  expect(retry.status(429, { 'x-rate-limit-reset': '1700000900' })).toBe(900_000)
  expect(retry.status(429, { 'retry-after': '1000000000' })).toBe(24 * 60 * 60 * 1000)
})

test('hints that make no sense are none', () => {
  const retry = make()
  expect(retry.status(429, { 'x-rate-limit-reset': '1600000000' })).toBe(60_000)
  expect(retry.status(429, { 'x-rate-limit-reset': 'soon' })).toBe(120_000)
  expect(retry.status(503, { 'retry-after': '-1' })).toBe(5000)
})

test('no wait is shorter than the least, whatever a server asks for', () => {
  const retry = make()
  expect(retry.status(503, { 'retry-after': '0.001' })).toBe(250)
  expect(retry.status(503, { 'retry-after': '0' })).toBe(5000)
  expect(retry.status(429, { 'x-rate-limit-reset': '1700000000.001' })).toBe(250)
})
