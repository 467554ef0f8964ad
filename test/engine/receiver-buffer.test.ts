import { ManualClock } from 'millrace'
import { expect, test } from 'vitest'
import type { Engine } from '#build/engine/engine.js'
import { ReceiverBuffer } from '#build/engine/receivers/receiver-buffer.js'
import { BlockManager } from '#build/engine/storage/block-manager.js'
import { DriverBlocks } from '#build/engine/storage/driver-blocks.js'
import { SegmentLending } from '#build/pool/blocks/segment-lending.js'
import { SegmentPool } from '#build/pool/blocks/segments.js'

const LIMIT = 1000

function receiver() {
  const segments = new SegmentPool()
  const blocks = new BlockManager({
    pool: segments,
    replicas: 2,
    replication: 'reference',
    threads: { owners: () => [] },
  })
  const driver = new DriverBlocks(segments, blocks, new SegmentLending(segments))
  const memory = { isFull: false, onRoom: () => () => {}, makeRoom: () => {} }
  const engine = { driver, memory } as unknown as Engine
  return new ReceiverBuffer({
    engine,
    stopped: new AbortController().signal,
    maxBytes: LIMIT,
    clock: new ManualClock(0),
    listener: { report: (message) => expect.fail(message), paused: () => {} },
  })
}

/** A source that writes what it has as long as there is room, and waits otherwise. */
function source(buffer: ReceiverBuffer, bytes: number) {
  const counts = { reads: 0 }
  const read = (): void => {
    buffer.text(Buffer.alloc(bytes, 'line\n'))
    counts.reads++
    const room = buffer.full()
    if (room) room.then(read)
    else read()
  }
  read()
  return counts
}

test('batches that complete between two cuts do not let a source past the bound', async () => {
  const buffer = receiver()
  const counts = source(buffer, 400)
  const batches = []
  for (let i = 0; i < 3; i++) {
    expect(buffer.bytes).toBeGreaterThanOrEqual(LIMIT)
    batches.push(buffer.cut())
    await Promise.resolve()
  }
  expect(counts.reads).toBe(3)
  // The first batch frees room for three more reads, which wait for the next cut; the others free nothing that is held.
  for (const batch of batches) {
    buffer.consumed(batch)
    await Promise.resolve()
    await Promise.resolve()
  }
  expect(counts.reads).toBe(6)
  expect(buffer.bytes).toBe(1200)
})

test('an unfinished line that fills the buffer does not stop its source for ever', async () => {
  const buffer = receiver()
  buffer.text(Buffer.alloc(LIMIT, 'x'))
  const room = buffer.full()
  expect(room).toBeInstanceOf(Promise)
  const batch = buffer.cut()
  expect(batch).toEqual([])
  buffer.consumed(batch)
  await room
  expect(buffer.full()).toBeUndefined()
})
