import { totalmem } from 'node:os'

/**
 * Bytes that this process may use: the limit of its container where it has one, else the memory of the machine. Node
 * answers 0, undefined or a huge number where there is no limit.
 */
export function availableBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/** Heap of a thread that nobody limited, besides its young generation: what a busy one settles at. */
const HEAP_MIB = 64
/** Young generation, code, stack and native memory of Node itself in one thread. */
const THREAD_MIB = 32
const MIB = 1024 * 1024

export interface MemoryNeeds {
  readonly memoryLimit: number
  /** With the spare. */
  readonly threads: number
  readonly maxYoungGenerationSizeMb?: number | undefined
  readonly maxOldGenerationSizeMb?: number | undefined
}

/** Undefined if blocks, heaps and native memory fit into this process's memory; else a warning with the sum. */
export function memoryWarning(needs: MemoryNeeds, available = availableBytes()): string | undefined {
  const young = needs.maxYoungGenerationSizeMb ?? 0
  const thread = (young + (needs.maxOldGenerationSizeMb ?? HEAP_MIB) + THREAD_MIB) * MIB
  // The driver is a thread like the others, in the process's first one or in one of its own.
  const heaps = (needs.threads + 1) * thread
  if (needs.memoryLimit + heaps <= available) return undefined
  const mib = (bytes: number) => Math.ceil(bytes / MIB)
  return (
    `memoryLimit allows ${mib(needs.memoryLimit)} MiB of blocks, and the heaps and native memory of ${needs.threads + 1} threads may take ${mib(heaps)} MiB more, ` +
    `but this process may use ${mib(available)} MiB. The system may kill it. Lower memoryLimit, threads or resourceLimits, or give it more memory; see docs/guide/sizing.md.`
  )
}
