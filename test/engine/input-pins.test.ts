import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BlockManager } from '#build/engine/storage/block-manager.js'
import { DiskStore } from '#build/engine/storage/disk-store.js'
import { InputPins } from '#build/engine/storage/input-pins.js'
import { SegmentPool, SegmentWriter } from '#build/pool/blocks/segments.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'

test('a file and a block of the same number are pinned, removed and released apart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pins-'))
  try {
    const segments = new SegmentPool()
    const blocks = new BlockManager({
      pool: segments,
      replicas: 1,
      replication: 'reference',
      threads: { owners: () => [] },
    })
    const store = new DiskStore({ directory, limit: 1024 })
    const pins = new InputPins(blocks, store, { pin() {}, unpin() {} })
    const writer = new SegmentWriter(0)
    const write = () => writeBlock(writer, Buffer.from('payload'), { codec: 'text', count: 1, lifetime: 'short' })
    const [, block] = [write(), write()]
    blocks.accept(0, writer.report(), [block])
    blocks.register(block, 0, { rooted: true })
    const file = await store.write(block, Buffer.from('payload'))
    expect(file.id).toBe(block.id)

    const onlyFile = { blocks: [], files: [file.id], broadcasts: [] }
    pins.pin(onlyFile)
    blocks.release(block.id)
    expect(blocks.has(block.id)).toBe(false)
    store.remove(file.id)
    expect(existsSync(file.path)).toBe(true)
    pins.unpin(onlyFile)
    await store.close()
    expect(existsSync(file.path)).toBe(false)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
