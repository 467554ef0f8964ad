import { describe, expect, it } from 'vitest'
import { SEGMENT_BYTES, SegmentPool, SegmentWriter } from '#build/pool/blocks/segments.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'
import fc from '../../support/fast-check.js'

const MIB = SEGMENT_BYTES
const segment = (id: number, bytes = MIB) => ({ id, memory: new SharedArrayBuffer(bytes) })
const stateError = expect.objectContaining({ code: 'ERR_MILLRACE_STATE' })

/** A pool with segment 1, made by thread 5. */
function poolOfOne(maxFreeBytes?: number) {
  const pool = new SegmentPool({ maxFreeBytes })
  const one = segment(1)
  pool.accept(5, { created: [one], returned: [] })
  return { pool, one }
}

describe('SegmentPool', () => {
  it('finds the memory of a block by its segment', () => {
    const pool = new SegmentPool()
    const writer = new SegmentWriter(5)
    const block = writeBlock(writer, Buffer.from('abc'), { codec: 'text', count: 1, lifetime: 'short' })
    const report = writer.report()
    pool.accept(5, report, [block])
    expect(pool.memory(block.segment)).toBe(report.created[0]!.memory)
    expect(pool).toMatchObject({ bytes: MIB, freeBytes: 0, liveBlocks: 1 })
  })

  it('reuses a segment only when it was left and its last block was released, in either order', () => {
    const { pool, one } = poolOfOne()
    pool.retain(1)
    pool.retain(1)
    pool.accept(5, { created: [], returned: [1] })
    pool.release(1)
    expect(pool.take(100, 6)).toBeUndefined()
    pool.release(1)
    expect(pool.take(100, 6)).toEqual(one)
    pool.retain(1)
    pool.release(1)
    expect(pool.take(100, 7)).toBeUndefined()
    pool.accept(6, { created: [], returned: [1] })
    expect(pool.take(100, 7)).toEqual(one)
  })

  it('counts the blocks of a report before it believes that their segment was left', () => {
    const pool = new SegmentPool()
    const writer = new SegmentWriter(5)
    const block = writeBlock(writer, Buffer.alloc(MIB - 64), { codec: 'text', count: 1, lifetime: 'short' })
    pool.accept(5, writer.report(), [block])
    expect(pool.freeBytes).toBe(0)
    pool.release(block.segment)
    expect(pool.freeBytes).toBe(MIB)
  })

  it('does not reuse what a thread may still write until that thread has exited', () => {
    const { pool, one } = poolOfOne()
    expect(pool.take(100, 6)).toBeUndefined()
    pool.threadGone(6)
    expect(pool.freeBytes).toBe(0)
    pool.threadGone(5)
    expect(pool.take(100, 7)).toEqual(one)
  })

  it('does not let a late report of a dead thread give back a segment that another thread has now', () => {
    const { pool } = poolOfOne()
    pool.threadGone(5)
    expect(pool.take(100, 6)?.id).toBe(1)
    pool.accept(5, { created: [], returned: [1] })
    expect(pool.freeBytes).toBe(0)
  })

  it('takes over segments in a report that comes after the exit of its thread', () => {
    const pool = new SegmentPool()
    const writer = new SegmentWriter(5)
    const block = writeBlock(writer, Buffer.from('abc'), { codec: 'text', count: 1, lifetime: 'short' })
    writer.allocate(10, 'long')
    pool.threadGone(5)
    pool.accept(5, writer.report(), [block])
    expect(pool).toMatchObject({ bytes: 2 * MIB, freeBytes: MIB })
    expect(() => pool.take(100, 5)).toThrow(stateError)
  })

  it('lends by size class', () => {
    const pool = new SegmentPool()
    pool.accept(5, { created: [segment(1), segment(2, 2 * MIB)], returned: [1, 2] })
    expect(pool.take(MIB + 1, 6)?.id).toBe(2)
    expect(pool.take(MIB + 1, 6)).toBeUndefined()
    expect(pool.take(MIB, 6)?.id).toBe(1)
  })

  it('drops free segments beyond its bound and says so once', () => {
    const pool = new SegmentPool({ maxFreeBytes: 2 * MIB })
    pool.accept(5, { created: [1, 2, 3].map((id) => segment(id)), returned: [1, 2, 3] })
    expect(pool).toMatchObject({ bytes: 2 * MIB, freeBytes: 2 * MIB })
    expect(pool.takeDropped()).toEqual([3])
    expect(pool.takeDropped()).toEqual([])
    expect([pool.has(2), pool.has(3)]).toEqual([true, false])
    expect(() => pool.memory(3)).toThrow(stateError)
  })

  it('refuses wrong accounts', () => {
    const { pool, one } = poolOfOne()
    expect(() => pool.release(1)).toThrow('released twice')
    expect(() => pool.retain(9)).toThrow('not known')
    expect(() => pool.accept(5, { created: [one], returned: [] })).toThrow('twice')
    pool.accept(5, { created: [], returned: [1] })
    expect(() => pool.retain(1)).toThrow('is free')
    expect(() => new SegmentPool({ maxFreeBytes: -1 })).toThrow('maxFreeBytes')
  })

  it('never lends a segment with a live block or a live writer, whatever happens', () => {
    const action = fc.record({
      what: fc.constantFrom('create', 'return', 'retain', 'release', 'take', 'exit'),
      pick: fc.nat(1000),
      big: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.constantFrom(0, 2 * MIB, 64 * MIB),
        (actions, maxFreeBytes) => {
          const pool = new SegmentPool({ maxFreeBytes })
          // The model: who writes what, and which blocks live where.
          const writers = new Map<number, number>()
          const live = new Map<number, number>()
          const sizes = new Map<number, number>()
          const threads = [1, 2, 3]
          const inUse = (id: number) => writers.has(id) || (live.get(id) ?? 0) > 0
          let nextId = 100
          let nextThread = 4
          for (const { what, pick, big } of actions) {
            const thread = threads[pick % threads.length]!
            const written = [...writers].filter(([, writer]) => writer === thread).map(([id]) => id)
            const used = [...sizes.keys()].filter(inUse)
            if (what === 'create') {
              const made = { id: nextId++, memory: new SharedArrayBuffer(big ? 2 * MIB : MIB) }
              pool.accept(thread, { created: [made], returned: [] })
              writers.set(made.id, thread)
              sizes.set(made.id, made.memory.byteLength)
            } else if (what === 'return' && written.length > 0) {
              const id = written[pick % written.length]!
              pool.accept(thread, { created: [], returned: [id] })
              writers.delete(id)
            } else if (what === 'retain' && used.length > 0) {
              const id = used[pick % used.length]!
              pool.retain(id)
              live.set(id, (live.get(id) ?? 0) + 1)
            } else if (what === 'release' && used.length > 0) {
              const id = used[pick % used.length]!
              if ((live.get(id) ?? 0) === 0) continue
              pool.release(id)
              live.set(id, live.get(id)! - 1)
            } else if (what === 'take') {
              const grant = pool.take(big ? MIB + 1 : 1, thread)
              if (grant === undefined) continue
              expect(inUse(grant.id)).toBe(false)
              expect(grant.memory.byteLength).toBe(big ? 2 * MIB : MIB)
              writers.set(grant.id, thread)
            } else if (what === 'exit') {
              pool.threadGone(thread)
              for (const id of written) writers.delete(id)
              threads[pick % threads.length] = nextThread++
            }
            for (const id of pool.takeDropped()) {
              expect(inUse(id)).toBe(false)
              sizes.delete(id)
            }
            let [bytes, freeBytes, liveBlocks] = [0, 0, 0]
            for (const [id, size] of sizes) {
              bytes += size
              if (!inUse(id)) freeBytes += size
              liveBlocks += live.get(id) ?? 0
            }
            expect(pool).toMatchObject({ bytes, freeBytes, liveBlocks })
            expect(freeBytes).toBeLessThanOrEqual(maxFreeBytes)
          }
        },
      ),
    )
  })
})
