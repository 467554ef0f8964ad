import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/**
 * Where persisted partitions are stored. `memory`: in blocks, which are evicted at `memoryLimit` and recomputed.
 * `memory-and-disk`: in blocks, which move to a file at the limit. `disk`: in a file, written when they are computed.
 */
export type StorageLevel = 'memory' | 'memory-and-disk' | 'disk'

/**
 * Maps Spark's names to levels. Blocks are always encoded and have `replicas` owning threads, so `_SER` and `_2` change
 * nothing. Blocks are never in a heap, so `OFF_HEAP` means memory. A file has only one copy; a damaged one is
 * recomputed.
 *
 * ```ts
 * await ctx.range(5).persist(StorageLevel.MEMORY_AND_DISK).count() // 5
 * ```
 */
export const StorageLevel = Object.freeze({
  MEMORY_ONLY: 'memory',
  MEMORY_ONLY_2: 'memory',
  MEMORY_ONLY_SER: 'memory',
  MEMORY_ONLY_SER_2: 'memory',
  OFF_HEAP: 'memory',
  MEMORY_AND_DISK: 'memory-and-disk',
  MEMORY_AND_DISK_2: 'memory-and-disk',
  MEMORY_AND_DISK_SER: 'memory-and-disk',
  MEMORY_AND_DISK_SER_2: 'memory-and-disk',
  DISK_ONLY: 'disk',
  DISK_ONLY_2: 'disk',
  DISK_ONLY_3: 'disk',
} as const) satisfies Readonly<Record<string, StorageLevel>>

const LEVELS: readonly StorageLevel[] = ['memory', 'memory-and-disk', 'disk']

/** Returns the level. @throws ArgumentError for anything else. */
export function checkLevel(level: StorageLevel, operation: string): StorageLevel {
  if (LEVELS.includes(level)) return level
  throw new ArgumentError(
    `${operation} got ${describe(level)}; the level must be one of ${LEVELS.map((known) => `'${known}'`).join(', ')}, or a StorageLevel such as StorageLevel.MEMORY_AND_DISK.`,
    { level },
  )
}
