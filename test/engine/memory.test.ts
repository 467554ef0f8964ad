import { totalmem } from 'node:os'
import { Context } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { availableBytes, memoryWarning } from '#build/engine/memory-warning.js'
import { MemoryGovernor, type MemoryGovernorOptions } from '#build/engine/storage/memory-governor.js'
import { MemoryPort } from '#build/engine/storage/memory-port.js'
import { SegmentPool } from '#build/pool/blocks/segments.js'
import { recordSize } from '#build/values/record-size.js'

const MIB = 1024 * 1024
const real = process.constrainedMemory
afterEach(() => {
  process.constrainedMemory = real
})

describe('the memory of this process', () => {
  test.each<[string, () => unknown, number]>([
    ['that of its container', () => 512 * MIB, 512 * MIB],
    ['that of the machine without a container (0)', () => 0, totalmem()],
    ['that of the machine without a container (undefined)', () => undefined, totalmem()],
    ['that of the machine without a container (a huge number)', () => 2 ** 63, totalmem()],
  ])('is %s', (_, answer, bytes) => {
    process.constrainedMemory = answer as () => number
    expect(availableBytes()).toBe(bytes)
  })

  test('bounds the default of memoryLimit', async () => {
    process.constrainedMemory = () => 512 * MIB
    const ctx = new Context({ threads: 1, spare: false })
    expect(ctx.options.memoryLimit).toBe(256 * MIB)
    await ctx.stop()
  })
})

describe('blocks, heaps and native memory', () => {
  const needs = { memoryLimit: 100 * MIB, threads: 2, maxYoungGenerationSizeMb: 96, maxOldGenerationSizeMb: undefined }

  test('that fit are no warning, those that do not are one with the sum', () => {
    expect(memoryWarning(needs, 2048 * MIB)).toBeUndefined()
    expect(memoryWarning(needs, 400 * MIB)).toMatch(/100 MiB of blocks.*3 threads may take another 576 MiB.*400 MiB/)
    expect(memoryWarning({ ...needs, maxOldGenerationSizeMb: 4096 }, 8192 * MIB)).toMatch(/Lower memoryLimit/)
  })

  test('are compared when the threads start', async () => {
    const warnings: string[] = []
    const note = (message: string) => void warnings.push(message)
    process.constrainedMemory = () => 64 * MIB
    const logger = { debug() {}, info() {}, warn: note, error: note }
    const ctx = new Context({ threads: 1, spare: false, logger })
    await ctx.range(3).count()
    await ctx.stop()
    expect(warnings).toEqual([expect.stringContaining('The system may kill the process')])
  })
})

test('whoever waits for room hears of it when any memory comes free, and not before', () => {
  const port = new MemoryPort()
  const segments = new SegmentPool({ listener: port })
  const guard = new MemoryGovernor({ limit: 1000, segments, port } as unknown as MemoryGovernorOptions)
  const memory = () => new SharedArrayBuffer(800)
  segments.accept(1, { created: [1, 2, 3].map((id) => ({ id, memory: memory() })), returned: [] })
  for (const id of [1, 2, 3]) segments.retain(id)
  const calls: number[] = []
  const forget = guard.onRoom(() => calls.push(guard.usedBytes))
  segments.release(1)
  expect(calls).toEqual([])
  segments.release(2)
  expect(calls).toEqual([800])
  forget()
  segments.release(3)
  expect(calls).toEqual([800])
})

describe('the size of a record', () => {
  test('follows texts, buffers and everything nested', () => {
    const text = 'x'.repeat(1000)
    for (const value of [text, Buffer.alloc(1000), new ArrayBuffer(1000), { a: { b: [text] } }, new Map([[text, 1]])]) {
      expect(recordSize(value)).toBeGreaterThanOrEqual(1000)
      expect(recordSize(value)).toBeLessThan(1200)
    }
    for (const long of [10n ** 1000n, { n: -(10n ** 1000n) }, new RegExp('x'.repeat(1000))]) {
      expect(recordSize(long)).toBeGreaterThanOrEqual(1000)
      expect(recordSize(long)).toBeLessThan(1200)
    }
    expect(recordSize(7n)).toBe(8)
    expect(recordSize(7)).toBe(8)
    expect(recordSize(null)).toBe(8)
  })

  test('ends for a record that refers to itself', () => {
    const record: Record<string, unknown> = {}
    record.self = record
    expect(recordSize(record)).toBeLessThan(20_000)
  })
})
