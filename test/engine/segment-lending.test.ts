import { expect, test } from 'vitest'
import { SegmentLending } from '#build/pool/blocks/segment-lending.js'
import { SegmentPool, SegmentWriter } from '#build/pool/blocks/segments.js'

const MIB = 1024 * 1024

/** The life of a thread: it fills segments with short-lived data and keeps a little, reports after each task, and dies. */
function live(thread: number, pool: SegmentPool, lending: SegmentLending, tasks: number): void {
  const writer = new SegmentWriter(thread)
  lending.addThread(thread)
  for (let task = 0; task < tasks; task++) {
    writer.lend(lending.take(thread) ?? [])
    writer.allocate(MIB / 8, 'short')
    writer.allocate(MIB / 64, 'long')
    const report = writer.report()
    lending.note(thread, report)
    pool.accept(thread, report)
  }
  lending.forgetWriter(thread)
  pool.threadGone(thread)
}

test('threads that follow one another use the same memory, however long each of them lives', () => {
  const pool = new SegmentPool()
  const lending = new SegmentLending(pool)
  live(1, pool, lending, 100)
  const { bytes } = pool
  for (let thread = 2; thread < 100; thread++) live(thread, pool, lending, thread)
  expect(pool.bytes).toBe(bytes)
  expect(pool.freeBytes).toBe(bytes)
})
