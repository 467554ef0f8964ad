import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** The machine's facts, without which a figure has no meaning. */
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
 * Processor time in ms of everything on this machine since it started, on a virtual machine including the host's share:
 * two threads that only count got 1.3 of two cores on a machine without other load.
 */
export function machineMs() {
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return all + stolenMs()
}

/** Linux counts in hundredths of a second here; on other systems the figure is unknown. */
function stolenMs() {
  if (process.platform !== 'linux') return 0
  const [line] = readFileSync('/proc/stat', 'latin1').split('\n', 1)
  return Number(line.trim().split(/\s+/)[8] ?? 0) * 10
}

/**
 * Measures a piece of work: wall time, processor time of this process (all threads), and the mean number of cores that
 * other processes used meanwhile, on a virtual machine including its host. Above 0.2 foreign cores the wall time
 * depends more on them than on the work.
 */
export function stopwatch() {
  const machine = machineMs()
  const own = process.cpuUsage()
  // Last: reading the machine's counters takes 0.2 ms.
  const wall = performance.now()
  return () => {
    const ms = performance.now() - wall
    const { user, system } = process.cpuUsage(own)
    const cpuMs = (user + system) / 1000
    return { ms, cpuMs, foreignCores: Math.max(0, (machineMs() - machine - cpuMs) / ms) }
  }
}
