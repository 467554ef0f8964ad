import { expect, test } from 'vitest'
import { LagRecord } from '#build/engine/receivers/lag-record.js'
import fc from '../support/fast-check.js'

/** A batch over one part that has read up to `from`, takes `taken`, and leaves `left`. */
const lagAt = (from: number, taken: number, left: number) => ({
  unit: 'records' as const,
  parts: [{ name: 'p', taken, left, next: from + taken, end: from + taken + left }],
})

test('a source that reports nothing has no lag', () => {
  const record = new LagRecord()
  record.consumed(1000)
  expect(record.status()).toBeUndefined()
})

test('the lag is the end of the source less what complete batches have read', () => {
  const steps = fc.array(fc.record({ arrived: fc.nat(100), most: fc.nat(100), completes: fc.boolean() }))
  fc.assert(
    fc.property(steps, (all) => {
      const record = new LagRecord()
      const waiting: { time: number; to: number }[] = []
      let [end, next, read] = [0, 0, 0]
      for (const [time, { arrived, most, completes }] of all.entries()) {
        end += arrived
        const taken = Math.min(most, end - next)
        record.planned(time, lagAt(next, taken, end - next - taken))
        next += taken
        waiting.push({ time, to: next })
        const done = completes ? waiting.shift() : undefined
        if (done) {
          record.consumed(done.time)
          read = done.to
        }
        expect(record.status()).toMatchObject({ total: end - read, parts: [{ lag: end - read, end }] })
      }
    }),
  )
})

test('the parts that are furthest behind are listed, and all are counted', () => {
  const record = new LagRecord()
  const parts = Array.from({ length: 150 }, (_, i) => ({ name: `p${i}`, taken: 0, left: i }))
  record.planned(1000, { unit: 'records', parts })
  const { total, parts: listed, partsOmitted } = record.status()!
  expect([total, listed.length, partsOmitted]).toEqual([(149 * 150) / 2, 100, 50])
  expect(listed.map(({ lag }) => lag)).toEqual(Array.from({ length: 100 }, (_, i) => 149 - i))
})
