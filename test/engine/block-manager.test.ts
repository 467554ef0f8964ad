import { expect, test } from 'vitest'
import { BlockManager } from '#build/engine/storage/block-manager.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import { SegmentPool, SegmentWriter } from '#build/pool/blocks/segments.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'
import fc from '../support/fast-check.js'

type Step =
  | { readonly do: 'write'; readonly thread: number; readonly rooted: boolean }
  | { readonly do: 'kill'; readonly thread: number }
  | { readonly do: 'release' | 'pin' | 'unpin'; readonly block: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), thread: fc.nat(3), rooted: fc.boolean() }),
  fc.record({ do: fc.constant('kill' as const), thread: fc.nat(3) }),
  fc.record({ do: fc.constantFrom('release' as const, 'pin' as const, 'unpin' as const), block: fc.nat(20) }),
)

/** Runs any sequence of events against the book, with a plain model of what must hold. */
test('owners are alive, distinct and as many as asked; a block is lost exactly when its last owner goes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, replicas) => {
      const pool = new SegmentPool()
      let nextThread = 1
      // Slots as the pool has them: a dead thread is replaced by one with a new number.
      const slots = [nextThread++, nextThread++, nextThread++, nextThread++]
      const manager = new BlockManager({ pool, replicas, replication: 'reference', threads: { owners: () => slots } })
      const writers = new Map<number, SegmentWriter>()
      const written: { handle: BlockHandle; rooted: boolean; lost: boolean; released: boolean; pins: number }[] = []
      for (const event of steps) {
        if (event.do === 'write') {
          const thread = slots[event.thread]!
          const writer = writers.get(thread) ?? new SegmentWriter(thread)
          writers.set(thread, writer)
          const handle = writeBlock(writer, Buffer.from('payload'), { codec: 'text', count: 1, lifetime: 'short' })
          const entry = { handle, rooted: event.rooted, lost: false, released: false, pins: 0 }
          written.push(entry)
          manager.accept(thread, writer.report(), [handle])
          manager.register(handle, thread, {
            rooted: event.rooted,
            onLost: () => {
              entry.lost = true
            },
          })
        } else if (event.do === 'kill') {
          const dead = slots[event.thread]!
          slots.splice(event.thread, 1)
          manager.removeOwner(dead)
          pool.threadGone(dead)
          slots.splice(event.thread, 0, nextThread++)
          manager.replenish()
        } else {
          const entry = written[event.block]
          if (!entry || entry.lost) continue
          if (event.do === 'release') {
            entry.released = true
            manager.release(entry.handle.id)
          } else if (event.do === 'pin' && !entry.released) {
            entry.pins++
            manager.pin([entry.handle.id])
          } else if (event.do === 'unpin' && entry.pins > 0) {
            entry.pins--
            manager.unpin([entry.handle.id])
          }
        }
        for (const { handle, rooted, lost, released, pins } of written) {
          if (lost) expect(rooted).toBe(false)
          if (!released && !lost) {
            const owners = manager.owners(handle.id)
            expect(new Set(owners).size).toBe(owners.length)
            expect(owners.every((owner) => slots.includes(owner))).toBe(true)
            expect(owners.length).toBe(Math.min(replicas, slots.length))
          }
          expect(manager.has(handle.id)).toBe((!released && !lost) || pins > 0)
          // The pool must not reuse the memory of a block that a task may read.
          if (manager.has(handle.id)) expect(pool.has(handle.segment)).toBe(true)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('with one owner each, the death of the owner loses exactly its blocks', () => {
  const pool = new SegmentPool()
  const slots = [1, 2]
  const manager = new BlockManager({ pool, replicas: 1, replication: 'reference', threads: { owners: () => slots } })
  const writer = new SegmentWriter(1)
  const lost: number[] = []
  const handles = [0, 1, 2].map(() => {
    const handle = writeBlock(writer, Buffer.from('x'), { codec: 'text', count: 1, lifetime: 'short' })
    manager.accept(1, writer.report(), [handle])
    manager.register(handle, 1, { onLost: () => lost.push(handle.id) })
    return handle
  })
  slots.shift()
  expect(manager.removeOwner(1).lost).toBe(3)
  expect(lost).toEqual(handles.map(({ id }) => id))
  expect(manager.size).toBe(0)
})

test('by copy: a copy takes the place of bytes whose owner died, or that are corrupt; readers of the old ones finish', () => {
  const pool = new SegmentPool()
  const slots = [1, 2]
  const manager = new BlockManager({ pool, replicas: 2, replication: 'copy', threads: { owners: () => slots } })
  const first = new SegmentWriter(1)
  const handle = writeBlock(first, Buffer.from('payload'), { codec: 'text', count: 1, lifetime: 'short' })
  manager.accept(1, first.report(), [handle])
  let lost = 0
  manager.register(handle, 1, { onLost: () => lost++ })
  const [asked] = manager.takeUpdates(2)!.copy
  expect(asked).toBe(handle)
  const second = new SegmentWriter(2)
  const copy = writeBlock(second, Buffer.from('payload'), { codec: 'text', count: 1, lifetime: 'long' })
  manager.accept(2, second.report(), [copy])
  manager.copied(handle, copy, 2)
  manager.pin([handle.id])
  slots.splice(0, 1, 3)
  manager.removeOwner(1)
  expect(manager.current(handle)).toBe(copy)
  expect(lost).toBe(0)
  expect(pool.liveBlocks).toBe(2)
  manager.unpin([handle.id])
  expect(pool.liveBlocks).toBe(1)
  // The next copy was asked for, but is not made yet: now corruption loses the block.
  expect(manager.takeUpdates(3)!.copy).toEqual([copy])
  manager.corrupt(copy.id)
  expect(lost).toBe(1)
  expect(pool.liveBlocks).toBe(0)
})
