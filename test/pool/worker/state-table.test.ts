import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Changes } from '#build/pool/worker/state/changes.js'
import { emptyState, tidy } from '#build/pool/worker/state/store.js'
import { StateTable } from '#build/pool/worker/state/table.js'

/** Kinds of keys, few of each, so that they meet again; the strange ones that a Map has too. */
const keys = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(Number.NaN, -0, 0.5, 1e300, Number.POSITIVE_INFINITY, true, false, null, undefined, 10n),
  fc.integer({ min: 0, max: 40 }).map((n) => `key ${n}`),
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
      for (const doing of all) {
        switch (doing.do) {
          case 'set':
            changes.set(doing.key, doing.value)
            model.set(nameOf(doing.key), doing.value)
            break
          case 'delete':
            changes.delete(doing.key)
            model.delete(nameOf(doing.key))
            break
          case 'takeBack':
            changes.takeBack()
            changes = new Changes(state)
            model = new Map(kept)
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
      entries.eachEntries((pairs) => pieces.push(...pairs))
      expect(pieces).toEqual([...entries.entries()])
      const asked = all.flatMap((doing) => ('key' in doing ? [doing.key] : []))
      const slots = entries.findAll(asked)
      expect(asked.map((key) => entries.find(key))).toEqual([...slots.subarray(0, asked.length)])
    }),
    { numRuns: 300 },
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
  table.eachEntries((pairs) => pieces.push(pairs))
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.flat()).toEqual([...table.entries()])
  expect(pieces.flat().length).toBe(9000)
})

test('slots of deleted keys come back, and no snapshot is continued from there', () => {
  const state = emptyState()
  state.changed = []
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
  state.changed = []
  state.increment++
  list.push(2)
  set([
    ['number', 1],
    ['text', ['sa', 'me'].join('')],
    ['zero', -0],
    ['list', list],
  ])
  expect(state.changed.map((slot) => state.entries.keys[slot])).toEqual(['zero', 'list'])
})
