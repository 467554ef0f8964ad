import { totalmem } from 'node:os'

/**
 * Returns the bytes that this process may use: the limit of its container if there is one, otherwise the memory of the
 * machine. Without a limit, Node returns 0, undefined or a huge number.
 */
export function availableBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/** MiB of a busy thread's heap without a limit, besides its young generation. Measured. */
const HEAP_MIB = 64
/** MiB of code, stack and native memory of Node in one thread. */
const THREAD_MIB = 32
const MIB = 1024 * 1024

export interface MemoryNeeds {
  readonly memoryLimit: number
  /** The number of threads, including the spare. */
  readonly threads: number
  readonly maxYoungGenerationSizeMb?: number | undefined
  readonly maxOldGenerationSizeMb?: number | undefined
}

/**
 * Returns a warning with the sum if blocks, heaps and native memory exceed this process's memory, otherwise undefined.
 */
export function memoryWarning(needs: MemoryNeeds, available = availableBytes()): string | undefined {
  const young = needs.maxYoungGenerationSizeMb ?? 0
  const thread = (young + (needs.maxOldGenerationSizeMb ?? HEAP_MIB) + THREAD_MIB) * MIB
  // The driver counts as one more thread, whether it is the process's main thread or not.
  const heaps = (needs.threads + 1) * thread
  if (needs.memoryLimit + heaps <= available) return undefined
  const mib = (bytes: number) => Math.ceil(bytes / MIB)
  return (
    `memoryLimit allows ${mib(needs.memoryLimit)} MiB of blocks, and the heaps and native memory of ${needs.threads + 1} threads may take another ${mib(heaps)} MiB, ` +
    `but this process may use ${mib(available)} MiB. The system may kill the process. Lower memoryLimit, threads or resourceLimits, or raise its memory; see docs/guide/sizing.md.`
  )
}
