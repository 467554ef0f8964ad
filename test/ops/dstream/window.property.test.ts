import type { BaseStream } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import fc from '../../support/fast-check.js'

type Pair = [string, number]
type Batches = (Pair[] | null)[]

interface Shape {
  /** In batches. */
  readonly length: number
  readonly slide: number
}

const shapes: Shape[] = [1, 2, 3, 5].flatMap((length) => [1, 2, 3].map((slide) => ({ length, slide })))

/** The pairs of the window that ends with batch `n` (from 1). */
const windowAt = (batches: Batches, n: number, length: number): Pair[] =>
  batches.slice(Math.max(0, n - length), n).flatMap((batch) => batch ?? [])

function sums(pairs: readonly Pair[]): Map<string, number> {
  const totals = new Map<string, number>()
  for (const [key, value] of pairs) totals.set(key, (totals.get(key) ?? 0) + value)
  return totals
}

/** An operator: how it is made, and what it answers after batch `n`. */
interface Operator {
  readonly name: string
  readonly of: (stream: BaseStream<Pair> & PairsOf, shape: Shape) => BaseStream<unknown>
  readonly model: (batches: Batches, n: number, shape: Shape) => unknown[]
}
type PairsOf = Parameters<Parameters<typeof runBatches<[Pair], BaseStream<unknown>>>[0]>[1]

const ms = (batches: number) => batches * 1000

const operators: Operator[] = [
  { name: 'window', of: (s, w) => s.window(ms(w.length), ms(w.slide)), model: (b, n, w) => windowAt(b, n, w.length) },
  {
    name: 'without an inverse',
    of: (s, w) => s.reduceByKeyAndWindow((x, y) => x + y, ms(w.length), ms(w.slide)),
    model: (b, n, w) => [...sums(windowAt(b, n, w.length))],
  },
  {
    name: 'with an inverse and a filter',
    of: (s, w) =>
      s.reduceByKeyAndWindow((x, y) => x + y, ms(w.length), ms(w.slide), {
        inverse: (x, y) => x - y,
        filter: ([, n]) => n !== 0,
      }),
    model: (b, n, w) => [...sums(windowAt(b, n, w.length))],
  },
  {
    name: 'with an inverse',
    of: (s, w) =>
      s.reduceByKeyAndWindow((x, y) => x + y, ms(w.length), ms(w.slide), { inverse: (x, y) => x - y, partitions: 3 }),
    // A key that was in any window so far stays, with 0 where it is in this one no more.
    model: (b, n, w) => {
      const seen = new Set<string>()
      for (let at = w.slide; at <= n; at += w.slide) for (const [key] of windowAt(b, at, w.length)) seen.add(key)
      const now = sums(windowAt(b, n, w.length))
      return [...seen].map((key) => [key, now.get(key) ?? 0])
    },
  },
  {
    name: 'grouped',
    of: (s, w) => s.groupByKeyAndWindow(ms(w.length), ms(w.slide)).mapValues((vs) => vs.length),
    model: (b, n, w) => [...sums(windowAt(b, n, w.length).map(([k]): Pair => [k, 1]))],
  },
  {
    name: 'values counted',
    of: (s, w) => s.countByValueAndWindow(ms(w.length), ms(w.slide)),
    model: (b, n, w) => {
      const counts = new Map<string, [Pair, number]>()
      for (const pair of windowAt(b, n, w.length)) {
        const old = counts.get(String(pair))
        counts.set(String(pair), [pair, (old?.[1] ?? 0) + 1])
      }
      return [...counts.values()]
    },
  },
  {
    name: 'counted',
    of: (s, w) => s.countByWindow(ms(w.length), ms(w.slide)),
    model: (b, n, w) => {
      let any = false
      for (let at = w.slide; at <= n; at += w.slide) any ||= windowAt(b, at, w.length).length > 0
      return any ? [windowAt(b, n, w.length).length] : []
    },
  },
  {
    name: 'reduced',
    of: (s, w) => s.map(([, v]) => v).reduceByWindow((x, y) => x + y, ms(w.length), ms(w.slide)),
    model: (b, n, w) => {
      const values = windowAt(b, n, w.length).map(([, v]) => v)
      return values.length === 0 ? [] : [values.reduce((x, y) => x + y)]
    },
  },
]

// Values from 1 on: a sum of 0 means that nothing is left.
const pair = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 9 }))
const batch = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.array(pair, { maxLength: 6 }) },
)

describe('windows over random batches', () => {
  test.each([
    ['compiled loops', {}],
    ['composed loops', { codegen: false }],
    ['2 threads, a thread killed in a random batch', { threads: 2, partitions: 3, stateSnapshotInterval: 3 }],
  ])(
    'equal a model that looks at every window anew: %s',
    async (name, options) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(batch, { minLength: 6, maxLength: 9 }),
          fc.integer({ min: 1, max: 6 }),
          fc.nat({ max: 1 }),
          async (given, killAt, slot) => {
            const batches = given as Batches
            const outputs = await runBatches<[Pair], Record<string, BaseStream<unknown>>>(
              (_, stream) =>
                Object.fromEntries(
                  operators.flatMap(({ name, of }) =>
                    shapes.map((shape) => [`${name} ${shape.length}/${shape.slide}`, of(stream, shape)]),
                  ),
                ),
              [batches],
              { ...options, kill: name.includes('killed') ? (n) => (n === killAt ? slot : undefined) : undefined },
            )
            for (const { name, model } of operators) {
              for (const shape of shapes) {
                const actual = outputs[`${name} ${shape.length}/${shape.slide}`]!
                const fires = batches.map((_, i) => i + 1).filter((n) => n % shape.slide === 0)
                expectBag(
                  actual.map(({ time }) => time),
                  fires.map(ms),
                )
                actual.forEach(({ time, records }) => expectBag(records, model(batches, time / 1000, shape)))
              }
            }
          },
        ),
        { numRuns: 3 },
      )
    },
    600_000,
  )
})
