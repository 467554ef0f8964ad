import { readdirSync, readFileSync } from 'node:fs'

/*
 * The resources of a process, from /proc. Without /proc a figure is NaN: unknown, not zero.
 */

/** Linux counts processor time in hundredths of a second here, whatever the kernel's own tick is. */
const TICKS_A_SECOND = 100

/** Processor time of a process in ms: of all its threads, and of the children that it has waited for. */
export function cpuMs(pid) {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return Number.NaN
  // The second field is the command in parentheses, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0)
  return (ticks * 1000) / TICKS_A_SECOND
}

/** Processor time of processes in ms, and of all that they have started and that still runs. */
export function cpuMsBelow(pids) {
  const parents = new Map()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const stat = read(`/proc/${name}/stat`)
    if (stat !== undefined) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isBelow = (pid) => pid !== undefined && pid > 1 && (pids.includes(pid) || isBelow(parents.get(pid)))
  return [...parents.keys()].filter(isBelow).reduce((sum, pid) => sum + (cpuMs(pid) || 0), 0)
}

/** The largest resident set that a process has had so far, in MB of 10^6 bytes. */
export function peakRssMb(pid) {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '') ?? []
  return kib === undefined ? Number.NaN : (Number(kib) * 1024) / 1e6
}

function read(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    // Another system, or the process has ended meanwhile.
    if (['ENOENT', 'ESRCH'].includes(error.code)) return undefined
    throw error
  }
}
