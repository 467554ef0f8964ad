import { expect, test } from 'vitest'
import { IdSequence } from '#build/pool/blocks/ids.js'
import { copyWriterOf, DRIVER, isThread, nextReceiver, nextThread, WRITERS_END } from '#build/pool/blocks/writers.js'

test('each kind of writer has a range of its own, and every number of it begins a sequence of ids', () => {
  const threads = [nextThread(), nextThread()]
  const receivers = [nextReceiver(), nextReceiver()]
  const lastThread = (2 ** 20 - 1) as (typeof threads)[number]
  const copies = [...threads, lastThread].map(copyWriterOf)
  const all = [DRIVER, ...threads, ...receivers, ...copies]
  expect(new Set(all).size).toBe(all.length)
  expect(all.filter(isThread)).toEqual(threads)
  // Receivers end where copies begin.
  expect(Math.min(...copies)).toBeGreaterThan(2 ** 21)
  expect(Math.max(...receivers)).toBeLessThan(2 ** 21)
  expect(Math.max(...copies)).toBeLessThan(WRITERS_END)
  for (const writer of all) expect(new IdSequence(writer, 'block').next()).toBe(writer * 2 ** 31)
})
