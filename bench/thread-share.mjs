import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The kernel counts a thread's time in ticks of 10 ms. */
const TICK_MS = 10
/** The sampling timer's own period, which its figures contain. */
const PERIOD_MS = 1

/** Processor time of the process's first thread, in ms; undefined on systems without this figure. */
function cpuMs() {
  if (process.platform !== 'linux') return undefined
  const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}

/**
 * Measures the main thread while something runs: the delay of its event loop, the share of time in which it is busy,
 * and its share of a core (undefined where unknown).
 */
export function watchMainThread() {
  const delay = monitorEventLoopDelay({ resolution: PERIOD_MS })
  const began = performance.now()
  const cpu = cpuMs()
  const utilization = performance.eventLoopUtilization()
  delay.enable()
  return () => {
    delay.disable()
    const ms = (nanos) => Math.max(0, nanos / 1e6 - PERIOD_MS)
    return {
      loopDelay: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)) },
      busy: performance.eventLoopUtilization(utilization).utilization,
      core: cpu === undefined ? undefined : (cpuMs() - cpu) / (performance.now() - began),
    }
  }
}
