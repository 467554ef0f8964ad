/** Fewer bytes cost more by the faster way. */
const LEAST_FILLED = 16 * 1024
/** Other runtimes fill a buffer byte by byte. */
const FILLS = !('deno' in process.versions) && !('bun' in process.versions)

/**
 * Copies bytes to an offset. V8 copies shared memory word by word; Node fills a buffer with another one by one call of
 * memcpy, which copies 64 KiB in 0.7 of the time.
 */
export function copyBytes(from: Uint8Array, to: Buffer, at: number): void {
  if (FILLS && from.length >= LEAST_FILLED) to.fill(from, at, at + from.length)
  else to.set(from, at)
}
