import { crc32 } from 'node:zlib'
import type { Checkpoint, SavedBlock } from './checkpoint.js'
import type { CheckpointFolder } from './folder.js'
import { blocksOf } from './format.js'

/** Returns the bytes of a block, which must not be changed. */
export type BytesOf = (block: SavedBlock) => Buffer

/** Returns the names of the data files that a checkpoint refers to. */
export function filesOf(checkpoint: Checkpoint): ReadonlySet<string> {
  return new Set(blocksOf(checkpoint).map(({ file }) => file))
}

/** Reads the data files of a checkpoint. Rejects if one is missing, or the checksum of a block does not match. */
export async function readBlocks(folder: CheckpointFolder, checkpoint: Checkpoint): Promise<BytesOf> {
  const files = new Map<string, Buffer>()
  for (const file of filesOf(checkpoint)) files.set(file, await folder.read(file))
  const bytesOf: BytesOf = ({ file, offset, length }) => files.get(file)!.subarray(offset, offset + length)
  for (const block of blocksOf(checkpoint)) {
    const bytes = bytesOf(block)
    if (bytes.length !== block.length || crc32(bytes) !== block.crc) throw new Error(`${block.file} is damaged`)
  }
  return bytesOf
}
