import { ArgumentError } from '../../errors.js'

/**
 * Where persisted partitions are kept. `memory`: in blocks; at `memoryLimit` they are let go and computed again.
 * `memory-and-disk`: the same, but at the limit they are written to a file. `disk`: written as soon as they are computed.
 */
export type StorageLevel = 'memory' | 'memory-and-disk' | 'disk'

/**
 * The levels by Spark's names. Blocks are always encoded and have `replicas` owning threads, so `_SER` and `_2` change
 * nothing, and blocks are never in a heap, so `OFF_HEAP` is memory. A file has one copy: a damaged one is computed again.
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

/** A level as a caller gave it. */
export function checkLevel(given: StorageLevel, operation: string): StorageLevel {
  if (LEVELS.includes(given)) return given
  throw new ArgumentError(
    `${operation} got ${JSON.stringify(given)}; the level must be one of ${LEVELS.map((level) => `'${level}'`).join(', ')}, or a StorageLevel such as StorageLevel.MEMORY_AND_DISK.`,
    { level: given },
  )
}
