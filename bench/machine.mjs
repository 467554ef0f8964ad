import { readFileSync } from 'node:fs'
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

/**
 * Processor time in ms of everything on this machine since it started. On a virtual one with what its host kept for
 * others: two threads that only count were seen to get 1.3 of two cores, with nothing else in sight.
 */
export function machineMs() {
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return all + stolenMs()
}

/** Linux counts in hundredths of a second here; elsewhere nothing is known of it. */
function stolenMs() {
  if (process.platform !== 'linux') return 0
  const [line] = readFileSync('/proc/stat', 'latin1').split('\n', 1)
  return Number(line.trim().split(/\s+/)[8] ?? 0) * 10
}

/**
 * Time of a piece of work: by the wall, of this process's processors (all threads), and the mean number of cores that
 * others used meanwhile: processes, and of a virtual machine its host. Above 0.2 foreign cores the wall time says more about them than about the work.
 */
export function stopwatch() {
  const wall = performance.now()
  const own = process.cpuUsage()
  const machine = machineMs()
  return () => {
    const ms = performance.now() - wall
    const { user, system } = process.cpuUsage(own)
    const cpuMs = (user + system) / 1000
    return { ms, cpuMs, foreignCores: Math.max(0, (machineMs() - machine - cpuMs) / ms) }
  }
}
