import type { StreamNode } from './node.js'

/** Returns the time of a stream's newest remembered dataset; undefined if there is none. Creates none. */
export function newestRemembered(stream: StreamNode): number | undefined {
  const times = stream.remembered().sort((a, b) => b - a)
  // At a time without data, a remembered stream has no dataset.
  return times.find((time) => stream.getOrCompute(time) !== undefined)
}
