import { afterAll, describe, expect, test } from 'vitest'
import { CASES, casesOf, modesOf } from './conformance.mjs'
import { NOT_YET } from './not-yet.mjs'
import { Tally } from './table.mjs'
import { compareLists, compareNear, NotYet } from './values.mjs'

/** SEED tries another; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
const modes = modesOf(seed)
/** Another folder of cases may be given with CONFORMANCE_CASES. */
const { cases, close } = casesOf(process.env.CONFORMANCE_CASES ?? CASES)
const tally = new Tally()
const missing = new Set<string>()

afterAll(async () => {
  await close()
  console.log(tally.table(modes))
})

describe.each(modes)(`$name (SEED=${seed})`, (mode) => {
  test.each(cases)('$id: $name', async ({ operations, run }) => {
    let outcome: 'passed' | 'failed' | 'not yet' = 'failed'
    try {
      await run(mode)
      outcome = 'passed'
    } catch (error) {
      if (!(error instanceof NotYet)) throw error
      outcome = 'not yet'
      missing.add((error as NotYet & { what: string }).what)
    } finally {
      tally.add(operations, mode.name, outcome)
    }
  })
})

describe('the cases', () => {
  test('ask for exactly what the list of missing things names', () => {
    expect([...missing].sort()).toEqual([...NOT_YET].sort())
  })

  test('have ids of their own, and are mostly run', () => {
    const ids = cases.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(tally.count('passed')).toBeGreaterThanOrEqual(3 * 95)
    expect(tally.count('failed')).toBe(0)
  })
})

describe('comparisons', () => {
  test('fail where they should', () => {
    expect(() => compareLists([1, 2], [2, 1], false)).not.toThrow()
    expect(() => compareLists([1, 2], [2, 1], true)).toThrow()
    expect(() => compareLists([1, 1, 2], [1, 2, 2], false)).toThrow()
    expect(() => compareLists([undefined, [1]], [null, [1]], true)).not.toThrow()
    expect(() => compareLists([['a', { b: 1 }]], [['a', { b: 2 }]], false)).toThrow()
    expect(() => compareNear(1.02, 1, 0.01)).toThrow()
    expect(() => compareNear({ counts: [1, 2] }, { buckets: null, counts: [1, 2] }, 0)).not.toThrow()
    expect(() => compareNear({ counts: [1, 2] }, { counts: [1, 2, 3] }, 0)).toThrow()
    expect(() => compareNear(Number.NaN, 1, 0.1)).toThrow()
  })
})
