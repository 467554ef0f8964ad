import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { BlockCorruptError } from '../../../errors.js'
import type { LoadedFile, TaskInput } from '../../protocol.js'

type SpilledInput = TaskInput & { readonly in: 'spilled' }

/** The partitions that the running task has read from files. One task runs at a time. */
let loaded: LoadedFile[] = []

/** Returns the partitions read from files since the last call, if any. */
export function takeLoaded(): readonly LoadedFile[] | undefined {
  const taken = loaded
  loaded = []
  return taken.length > 0 ? taken : undefined
}

/**
 * Returns the bytes of a spilled partition, in this thread's own memory. The checksum is that of the block before it
 * was written. Throws BlockCorruptError on any fault; the driver then recomputes the partition.
 */
export function readSpilled(input: SpilledInput): Buffer {
  const { path, length, crc, rdd, partition } = input
  const began = performance.now()
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw unreadable(input, String((error as Error).message))
  }
  if (bytes.length !== length) throw unreadable(input, `it has ${bytes.length} bytes, not ${length}`)
  if (crc32(bytes) !== crc) throw unreadable(input, 'its checksum does not match its bytes')
  loaded.push({ rdd, partition, bytes: length, ms: performance.now() - began })
  return bytes
}

function unreadable({ file, path, rdd, partition, length }: SpilledInput, fault: string): BlockCorruptError {
  return new BlockCorruptError(
    `The persisted partition ${partition} of dataset ${rdd} cannot be read from '${path}': ${fault}. It is recomputed.`,
    { file, rdd, partition, length, path, fault },
  )
}
