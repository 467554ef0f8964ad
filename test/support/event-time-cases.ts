import type { KeyedWindowResult } from 'millrace'
import type { Event } from './event-time-model.js'
import fc from './fast-check.js'

/** Times wander forward with the batches, and jump back at random; a batch may be empty. */
const event: fc.Arbitrary<[key: string, back: number]> = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(90))
export const batches = fc.array(fc.array(event, { maxLength: 8 }), { minLength: 2, maxLength: 10 })
export const placed = (made: [string, number][][]): Event[][] =>
  made.map((batch, i) => batch.map(([key, back]): Event => [key, 20 * (i + 4) + 10 - back]))

export const shape = fc
  .record({
    size: fc.integer({ min: 1, max: 30 }),
    slide: fc.integer({ min: 1, max: 30 }),
    lateness: fc.constantFrom(0, 0, 7, 40),
  })
  .map(({ size, slide, lateness }) => ({ size: Math.max(size, slide), slide: Math.min(size, slide), lateness }))

export const texts = (results: readonly KeyedWindowResult<string, number>[]) =>
  results.map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value}`).sort()
export const events = (late: readonly (readonly [number, readonly [string, unknown]])[]) =>
  late.map(([time, [key]]): Event => [key, time]).sort()

/** Random records are few: these see to it that some are late, whatever the seed. */
export const LATE: [string, number][][] = [[['a', 0]], [['a', 0]], [['b', 0]], [['a', 90]], [['b', 90]], [['a', 0]]]
