import { openBlock, verifyBlock } from '#build/pool/blocks/layout.js'
import { SegmentPool } from '#build/pool/blocks/segment-pool.js'
import { SegmentWriter } from '#build/pool/blocks/segment-writer.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'

const OWNER = 1

/** Blocks written into recycled segments, as a thread does, and opened again. */
export function blockBenches() {
  const benches = [1024, 64 * 1024, 512 * 1024].flatMap((bytes) => {
    const pool = new SegmentPool()
    const writer = new SegmentWriter(OWNER)
    const payload = Buffer.alloc(bytes, 'millrace ')
    const write = () => {
      const free = pool.take(bytes, OWNER)
      if (free) writer.lend([free])
      const block = writeBlock(writer, payload, { codec: 'records', count: 1, lifetime: 'short' })
      pool.accept(OWNER, writer.report(), [block])
      return block
    }
    const block = write()
    const memory = pool.memory(block.segment)
    const size = bytes >= 1024 * 1024 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`
    return [
      {
        name: `write and release a block of ${size}`,
        bytes,
        run: () => {
          const fresh = write()
          pool.release(fresh.segment)
          return fresh.crc
        },
      },
      { name: `open a block of ${size}`, run: () => openBlock(memory, block).length },
      { name: `verify a block of ${size}`, bytes, run: () => verifyBlock(memory, block) },
    ]
  })
  return { benches }
}
