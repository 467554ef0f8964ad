import { Worker } from 'node:worker_threads'

/** Ms between two looks. */
const INTERVAL = 1000

/**
 * Ends this process soon after its parent has died, also while a task computes and reads no socket. The children of a parent
 * that exits get another one, so the parent's number changes.
 */
export function dieWithParent(): void {
  const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), ${INTERVAL})`
  new Worker(watch, { eval: true }).unref()
}
