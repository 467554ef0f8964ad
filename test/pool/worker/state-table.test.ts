import { expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { KeyColumn } from '#build/pool/blocks/key-column.js'
import { decodePairColumns, encodePairs } from '#build/pool/blocks/records-codec.js'
import { PairRecords } from '#build/pool/worker/operators/pair-records.js'
import { Bits } from '#build/pool/worker/state/bits.js'
import { Changes } from '#build/pool/worker/state/changes.js'
import { emptyState, tidy } from '#build/pool/worker/state/store.js'
import { StateTable } from '#build/pool/worker/state/table.js'
import fc from '../../support/fast-check.js'

/** Kinds of keys, few of each, so that they meet again; the strange ones that a Map has too. */
const keys = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(Number.NaN, -0, 0.5, 1e300, Number.POSITIVE_INFINITY, true, false, null, undefined, 10n),
  fc.integer({ min: 0, max: 40 }).map((n) => `key ${n}`),
  // Around the longest text that an entry of the index holds, with and without units of two bytes.
  fc.integer({ min: 0, max: 13 }).map((n) => 'abcdefghijklm'.slice(0, n)),
  fc.integer({ min: 1, max: 13 }).map((n) => '\u00ff\u0000'.repeat(7).slice(0, n)),
  fc.constantFrom(
    '\u0100',
    '\u0100\u0000',
    '\u0000\u0001',
    'ab\u0100',
    '\ud800',
    '\udc00',
    '\u{1f600}',
    '\ud83d',
    '\u0000',
    '\u0000\u0000',
    '0',
    '-0',
    'NaN',
    'null',
  ),
  fc.integer({ min: 0, max: 40 }).map((n) => `a key of more than 13 units, ü\u{1f600} ${n}`),
  fc.integer({ min: 0, max: 9 }).map((n) => ['composite', n]),
)
const doings = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), key: keys, value: fc.anything() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key: keys }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('renumber' as const, 'keep' as const, 'takeBack' as const) }),
  },
)
const nameOf = (key: unknown) => (typeof key === 'object' && key !== null ? JSON.stringify(key) : key)

test('is a Map with composite keys, whatever is done to it and taken back', () => {
  fc.assert(
    fc.property(fc.array(doings, { maxLength: 400 }), (all) => {
      const state = emptyState()
      let changes = new Changes(state)
      let kept = new Map<unknown, unknown>()
      let model = new Map<unknown, unknown>()
      /** Values since the last change that stands. */
      let touched: unknown[] = []
      for (const doing of all) {
        switch (doing.do) {
          case 'set':
            changes.set(doing.key, doing.value)
            touched.push(doing.value)
            model.set(nameOf(doing.key), doing.value)
            break
          case 'delete':
            changes.delete(doing.key)
            model.delete(nameOf(doing.key))
            break
          case 'takeBack':
            // Where objects are among the values the partition is to be discarded: nothing is undone.
            if (changes.takeBack()) {
              model = new Map(kept)
            } else {
              expect([...kept.values(), ...touched].some((value) => typeof value === 'object' && value !== null)).toBe(
                true,
              )
              kept = new Map(model)
            }
            changes = new Changes(state)
            touched = []
            break
          default:
            changes.keep(state)
            changes = new Changes(state)
            kept = new Map(model)
            if (doing.do === 'renumber') state.entries.renumber()
        }
      }
      const { entries } = state
      expect(entries.size).toBe(model.size)
      expect(new Map([...entries.entries()].map(([key, value]) => [nameOf(key), value]))).toEqual(model)
      for (const [key, value] of entries.entries()) expect(entries.get(key)).toBe(value)
      const pieces: (readonly [unknown, unknown])[] = []
      entries.eachColumns((part) => pieces.push(...new PairRecords(part, true).toArray()), false)
      expect(pieces).toEqual([...entries.entries()])
      const asked = all.flatMap((doing) => ('key' in doing ? [doing.key] : []))
      const slots = entries.findColumn(KeyColumn.of(asked))
      expect(asked.map((key) => entries.find(key))).toEqual([...slots.subarray(0, asked.length)])
    }),
    { numRuns: 300 },
  )
})

const column = (of: readonly unknown[]) => {
  const w = new ByteWriter()
  encodePairs(
    w,
    of,
    of.map((_, i) => i),
  )
  return decodePairColumns(Buffer.from(w.bytes())).keys
}

test('a column finds the same slots as its keys, at the end of memory too', () => {
  const lists = fc.oneof(
    fc.array(keys, { maxLength: 60 }),
    fc.array(fc.string({ maxLength: 12 }), { maxLength: 60 }),
    fc.array(
      fc.integer({ min: 0, max: 500 }).map((n) => `k${n}`),
      { minLength: 500, maxLength: 1200 },
    ),
  )
  fc.assert(
    fc.property(lists, lists, (held, asked) => {
      const table = new StateTable()
      for (const key of held) if (table.find(key) < 0) table.add(key, 1)
      for (const key of held.slice(0, held.length / 3)) if (table.find(key) >= 0) table.remove(table.find(key))
      const found = table.findColumn(column(asked)).slice(0, asked.length)
      // Not of `asked`: beside keys of other types a lone surrogate is written as U+FFFD.
      expect([...found]).toEqual(
        column(asked)
          .all()
          .map((key) => table.find(key)),
      )
    }),
    { numRuns: 300 },
  )
})

test('short texts of one byte a unit are looked up where they lie, others as strings', () => {
  expect(column(['', 'a', 'eleven unit', '\u00ff']).texts).toBeDefined()
  expect(column(['a', 'twelve units']).texts).toBeUndefined()
  expect(column(['a', '\u0100']).texts).toBeUndefined()
  expect(column([1, 2]).texts).toBeUndefined()
  expect(column(['a', 1]).texts).toBeUndefined()
  expect(column(['', 'a', '\u00ff']).all()).toEqual(['', 'a', '\u00ff'])
})

test('times are kept from the first one on that is given', () => {
  const state = emptyState()
  const { entries } = state
  for (let n = 0; n < 100; n++) entries.add(n, n)
  expect(entries.time(99)).toBe(0)
  const changes = new Changes(state)
  changes.change(70, 'new', 5)
  changes.add('k', 1, 7)
  expect([0, 69, 70, 71, 100].map((slot) => entries.time(slot))).toEqual([0, 0, 5, 0, 7])
  changes.takeBack()
  expect([70, 71].map((slot) => entries.time(slot))).toEqual([0, 0])
  entries.remove(3)
  entries.set(80, 80, 9)
  entries.renumber()
  expect(entries.time(79)).toBe(9)
  expect(entries.key(79)).toBe(80)
})

test('bits are a set of numbers, in order', () => {
  const numbers = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 300 })), { maxLength: 200 })
  fc.assert(
    fc.property(numbers, (all) => {
      const bits = new Bits()
      const model = new Set<number>()
      for (const [add, n] of all) {
        if (add) bits.add(n)
        else bits.delete(n)
        if (add) model.add(n)
        else model.delete(n)
      }
      expect([...bits]).toEqual([...model].sort((a, b) => a - b))
      expect(bits.size).toBe(model.size)
      for (const [, n] of all) expect(bits.has(n)).toBe(model.has(n))
    }),
  )
})

test('removals close the gaps in which look-ups would end', () => {
  const table = new StateTable()
  const slots = new Map<number, number>()
  for (let n = 0; n < 5000; n++) slots.set(n, table.add(n, n))
  for (let n = 0; n < 5000; n++) if (n % 3 !== 0) table.remove(slots.get(n)!)
  for (let n = 0; n < 5000; n++) expect(table.get(n)).toBe(n % 3 === 0 ? n : undefined)
})

test('entries come in pieces, all of them once', () => {
  const table = new StateTable()
  for (let n = 0; n < 10_000; n++) table.add(n, -n)
  for (let n = 0; n < 10_000; n += 10) table.remove(n)
  const pieces: (readonly (readonly [unknown, unknown])[])[] = []
  table.eachColumns((part) => pieces.push(new PairRecords(part, true).toArray()), false)
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.flat()).toEqual([...table.entries()])
  expect(pieces.flat().length).toBe(9000)
})

test('slots of deleted keys come back, and no snapshot is continued from there', () => {
  const state = emptyState()
  state.changed = new Bits()
  for (let n = 0; n < 20_000; n++) {
    const changes = new Changes(state)
    changes.set(n, 'value')
    changes.delete(n - 10)
    changes.keep(state)
    tidy(state)
  }
  expect(state.entries.size).toBe(10)
  expect(state.entries.slots).toBeLessThan(2000)
  expect(state.changed).toBeUndefined()
  expect([...state.entries.entries()].map(([key]) => key)).toEqual(Array.from({ length: 10 }, (_, i) => 19_990 + i))
})

test('what does not change is not in the next increment, but an object that is the same may have changed', () => {
  const state = emptyState()
  const list = [1]
  const set = (given: readonly (readonly [string, unknown])[]) => {
    const changes = new Changes(state)
    for (const [key, value] of given) changes.set(key, value)
    changes.keep(state)
  }
  set([
    ['number', 1],
    ['text', 'same'],
    ['zero', 0],
    ['list', list],
  ])
  state.changed = new Bits()
  list.push(2)
  set([
    ['number', 1],
    ['text', ['sa', 'me'].join('')],
    ['zero', -0],
    ['list', list],
  ])
  expect([...state.changed].map((slot) => state.entries.key(slot))).toEqual(['zero', 'list'])
})
