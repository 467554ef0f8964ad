import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names the set of processes in which a pid means one process: the boot of the machine and the PID namespace. Containers on
 * one machine may share a host name, and hosts a checkpoint directory; their pids say nothing about each other. Undefined
 * where the system does not tell.
 */
export function processScope(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // No Linux, or no /proc: without it nobody can conclude from a pid.
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
