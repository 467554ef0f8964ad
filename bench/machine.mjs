import { availableParallelism, cpus, totalmem } from 'node:os'

/** What a figure is worth nothing without. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
  }
}

function busyMs() {
  let ms = 0
  for (const { times } of cpus()) ms += times.user + times.nice + times.sys + times.irq
  return ms
}

/**
 * Time of a piece of work: by the wall, of this process's processors (all threads), and the mean number of cores that
 * other processes used meanwhile. Above 0.2 foreign cores the wall time says more about them than about the work.
 */
export function stopwatch() {
  const wall = performance.now()
  const own = process.cpuUsage()
  const busy = busyMs()
  return () => {
    const ms = performance.now() - wall
    const { user, system } = process.cpuUsage(own)
    const cpuMs = (user + system) / 1000
    return { ms, cpuMs, foreignCores: Math.max(0, (busyMs() - busy - cpuMs) / ms) }
  }
}
