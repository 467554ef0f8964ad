import { ArgumentError, Context, StateError, StorageLevel, StreamingContext } from 'millrace'
import { describe, expect, test } from 'vitest'
import { streamNode } from '../../support/nodes.js'

describe('storage levels', () => {
  test("have Spark's names", () => {
    expect([StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_AND_DISK, StorageLevel.DISK_ONLY]).toEqual([
      'memory',
      'memory-and-disk',
      'disk',
    ])
    for (const [name, level] of Object.entries(StorageLevel)) {
      const plain = name.replace(/_SER|_[23]$/g, '').replace(/_[23]$/, '') as keyof typeof StorageLevel
      expect(StorageLevel[plain], name).toBe(level)
    }
  })

  test('are told by the dataset; another one needs unpersist first', async () => {
    await using ctx = new Context({ threads: 1, spare: false })
    const rdd = ctx.range(3).persist(StorageLevel.MEMORY_AND_DISK_SER_2)
    expect(rdd.getStorageLevel()).toBe('memory-and-disk')
    expect(rdd.toDebugString()).toContain('persisted in memory-and-disk')
    expect(rdd.persist('memory-and-disk')).toBe(rdd)
    expect(() => rdd.cache()).toThrow(StateError)
    expect(() => rdd.cache()).toThrow(/persisted with 'memory-and-disk'. Call unpersist\(\)/)
    expect(rdd.unpersist().persist('disk').getStorageLevel()).toBe('disk')
  })

  test('others are refused, for datasets and streams', async () => {
    await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false })
    const wrong = 'DISK_ONLY' as never
    expect(() => ssc.context.range(3).persist(wrong)).toThrow(ArgumentError)
    expect(() => ssc.context.range(3).persist(wrong)).toThrow(/'memory', 'memory-and-disk', 'disk'/)
    expect(() => ssc.queueStream([[1]]).persist(wrong)).toThrow(ArgumentError)
  })

  test('of a window are those of its parent, which it makes memory unless told otherwise', async () => {
    await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false })
    const input = ssc.queueStream([[1]])
    const window = input.window('2s')
    expect([input, window].map((stream) => streamNode(stream).storage)).toEqual(['memory', undefined])
    window.persist('disk')
    expect([input, window].map((stream) => streamNode(stream).storage)).toEqual(['disk', undefined])
  })

  test('of streams are chosen before start()', async () => {
    await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false })
    const input = ssc.queueStream([[1]])
    input.print()
    await ssc.start()
    expect(() => input.persist()).toThrow(StateError)
    expect(() => input.persist('disk')).toThrow(/after start\(\)/)
  })
})
