import { Context, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { CASES, expectSame } from './kinds.js'

/** What another thread receives of a value of withEnv. */
function received(value: unknown): unknown {
  const ref = capture(withEnv({ value }, () => value) as never, 'map') as unknown as {
    env: { value: { value: unknown } }
  }
  return structuredClone(ref).env.value.value
}

describe.each(CASES)('withEnv: $kind', ({ make, refused }) => {
  test.each<[string, (value: unknown) => unknown]>([
    ['alone', (value) => value],
    ['in a field', (value) => ({ a: [value] })],
    ['in a Map', (value) => new Map([['k', value]])],
  ])('%s is equal in another thread, or refused with its path', (_, put) => {
    const given = put(make())
    let error: unknown
    try {
      // A function is captured by its text, whatever it holds.
      if (typeof given !== 'function') expectSame(received(given), put(make()))
    } catch (thrown) {
      error = thrown
    }
    if (error === undefined) return expect(refused === undefined || /function|class|Shared/.test(refused)).toBe(true)
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_DATA', details: { path: expect.stringMatching(/^value/) } })
  })
})

test('shared memory stays shared', async () => {
  const runs = new Int32Array(new SharedArrayBuffer(4))
  const ctx = new Context({ threads: 2 })
  await ctx.range(0, 10, 1, 4).foreachPartition(withEnv({ runs }, () => void Atomics.add(runs, 0, 1)))
  await ctx.stop()
  expect(runs[0]).toBe(4)
})
