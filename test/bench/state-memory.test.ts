import { expect, it } from 'vitest'
import { run } from '../../bench/state-memory.mjs'

it('measures the memory of numbers and of objects as state', async () => {
  const rows = await run({ threads: 1, only: '20000', quick: true }, () => {})
  expect(rows.map(({ name, keys }) => [name, keys])).toEqual([
    ['short texts, numbers', 20_000],
    ['short texts, objects', 20_000],
    ['mapWithState', 20_000],
    ['mapWithState, in a quarter', 20_000],
    ['updateStateByKey', 20_000],
    ['updateStateByKey, in a quarter', 20_000],
  ])
  // Twelve bytes of a key, four to twelve of the index; snapshots have the key's bytes and the value.
  for (const { arrays, snapshots, ms } of rows.slice(0, 2)) {
    expect(arrays).toBeGreaterThan(16)
    expect(snapshots).toBeGreaterThan(5)
    expect(ms).toBeGreaterThan(0)
  }
})
