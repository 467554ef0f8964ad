import { afterEach, expect, test, vi } from 'vitest'
import { CombineTable, makeCombine } from '#build/pool/worker/tables/combine-table.js'
import fc from '../../support/fast-check.js'

const keys = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(Number.NaN, -0, 0.5, Number.NEGATIVE_INFINITY, true, 'true', null, undefined, 5n, '5'),
  fc.string({ maxLength: 2 }),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
)
const nameOf = (key: unknown) => (typeof key === 'object' && key !== null ? `list ${JSON.stringify(key)}` : key)

test.each([true, false])('combines as a Map does, task after task in one table; code generated: %s', (codegen) => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(keys, fc.string()), { maxLength: 300 }), { maxLength: 4 }), (tasks) => {
      const table = new CombineTable()
      const combine = makeCombine(
        (value) => `(${value}`,
        (a, b) => `${a},${b}`,
        codegen,
      )
      for (const task of tasks) {
        const model = new Map<unknown, { key: unknown; value: string }>()
        table.begin()
        for (const [key, value] of task) {
          combine(table, key, value)
          const found = model.get(nameOf(key))
          if (found) found.value = `${found.value},${value}`
          // A Map makes 0 of -0.
          else model.set(nameOf(key), { key: key === 0 ? 0 : key, value: `(${value}` })
        }
        const taken = table.take()
        expect(taken.keys).toEqual([...model.values()].map(({ key }) => key))
        expect(taken.values).toEqual([...model.values()].map(({ value }) => value))
      }
    }),
    { numRuns: 200 },
  )
})

test('what a task left that failed is not in the next one', () => {
  const table = new CombineTable()
  const combine = makeCombine(
    () => {
      throw new Error('cannot begin')
    },
    (a) => a,
    true,
  )
  table.begin()
  expect(() => combine(table, 'key', 1)).toThrow('cannot begin')
  table.begin()
  expect(table.take()).toEqual({ keys: [], values: [] })
})

test('a table that was large and is not any more lets its memory go, and still finds all', () => {
  const table = new CombineTable()
  const combine = makeCombine(undefined, (a, b) => (a as number) + (b as number), true)
  for (const size of [100_000, 10, 10, 3000, 1]) {
    table.begin()
    for (let round = 0; round < 2; round++) for (let i = 0; i < size; i++) combine(table, `key ${i}`, 1)
    const { keys, values } = table.take()
    expect(keys.length).toBe(size)
    expect(values.every((value) => value === 2)).toBe(true)
  }
})

afterEach(() => void vi.unstubAllGlobals())

test('a task with about as many keys as the one before makes no table', () => {
  let made = 0
  class Counted extends Int32Array {
    constructor(length: number) {
      super(length)
      made++
    }
  }
  vi.stubGlobal('Int32Array', Counted)
  const table = new CombineTable()
  const combine = makeCombine(undefined, (a, b) => (a as number) + (b as number), true)
  const rounds = [3000, 3000, 2500, 3000].map((size) => {
    made = 0
    table.begin()
    for (let n = 0; n < size; n++) combine(table, `key ${n}`, 1)
    table.take()
    return made
  })
  expect(rounds[0]).toBeGreaterThan(1)
  expect(rounds.slice(1)).toEqual([0, 0, 0])
})
