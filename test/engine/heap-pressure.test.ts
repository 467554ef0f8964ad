import { setImmediate as turn } from 'node:timers/promises'
import { Context } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { HeapPressure } from '#build/engine/storage/heap-pressure.js'

const MIB = 1024 * 1024
let ctx: Context | undefined
afterEach(async () => ctx?.stop())

test('V8 counts about the bytes of blocks: in steps of 32 MiB, or of an eighth', () => {
  const pressure = new HeapPressure()
  const after = (mib: number) => {
    pressure.update(mib * MIB)
    return pressure.bytes / MIB
  }
  expect([10, 31, 32, 63, 64, 400, 440, 450].map(after)).toEqual([0, 0, 32, 32, 64, 400, 400, 450])
  // A buffer that is a little above the use stays.
  expect([420, 390, 40, 0].map(after)).toEqual([450, 64, 64, 0])
})

test('memory that cannot be counted is not', () => {
  const real = globalThis.ArrayBuffer
  globalThis.ArrayBuffer = class {
    constructor() {
      throw new RangeError('Array buffer allocation failed')
    }
  } as never
  try {
    const pressure = new HeapPressure()
    pressure.update(64 * MIB)
    pressure.update(640 * MIB)
    expect(pressure.bytes).toBe(0)
  } finally {
    globalThis.ArrayBuffer = real
  }
})

test('a program that goes on with new datasets does not keep the blocks of those that it has dropped', {
  timeout: 600_000,
}, async () => {
  ctx = new Context({ threads: 2, spare: false, warmUp: false })
  const { memory } = localEngineOf(ctx)
  const text = ctx.range(0, 80_000, 1, 4).map((i) => [i % 40_000, `${i} ${'x'.repeat(150)}`] as [number, string])
  let total = 0
  let most = 0
  for (let round = 0; round < 60; round++) {
    const before = memory.usedBytes
    await text.groupByKey().count()
    total += Math.max(0, memory.usedBytes - before)
    most = Math.max(most, memory.usedBytes)
    // Finalizers run in turns of their own.
    await turn()
  }
  expect(total).toBeGreaterThan(500 * MIB)
  expect(most).toBeLessThan(300 * MIB)
})
