import { Worker } from 'node:worker_threads'
import { PROGRESS } from '../../pool/thread-status.js'

/** Runs in a thread of its own, because tasks block the main thread. As text, because the worker is one file. */
const SENDER = `
const { connect } = require('node:net')
const { workerData } = require('node:worker_threads')
const { path, periodMs, status } = workerData
const die = () => process.kill(process.pid, 'SIGKILL')
const socket = connect(path).on('error', die).on('close', die).resume()
let sent = 0
setInterval(() => {
  const progress = Atomics.load(status, ${PROGRESS})
  if (progress !== sent) socket.write('+')
  sent = progress
}, periodMs)
`

/**
 * Connects to the executor, and sends a byte in each period in which the task made progress. When the executor has died, its end of the
 * connection closes, and this process ends, also while a task computes.
 */
export function sendHeartbeats(path: string, periodMs: number, status: Int32Array): void {
  new Worker(SENDER, { eval: true, workerData: { path, periodMs, status } }).unref()
}
