import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Returns a name for the set of processes in which a pid is unique: the boot of the machine and the PID namespace.
 * Containers on one machine may share a host name, and hosts may share a checkpoint directory, but their pids are
 * unrelated. Undefined if the system does not provide it.
 */
export function processScope(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // Not Linux, or no /proc: a pid then proves nothing.
    return undefined
  }
}

/** Whether a process of this scope has the pid. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
