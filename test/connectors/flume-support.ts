import { ManualClock, StreamingContext } from 'millrace'
import { type FlumeOptions, flumeSource } from 'millrace/flume'
import { afterEach } from 'vitest'
import { sendByFlume } from '../services/flume.js'
import { freePort } from '../services/ports.js'
import type { Program } from '../services/program.js'

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
export const open: StreamingContext[] = []
/** Reports of hostile clients would fill the output. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const programs: Program[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop()
  for (const ssc of open.splice(0)) await ssc.stop()
})

export async function listen<T = string>(
  options: Partial<FlumeOptions> = {},
  more: { receiverBufferBytes?: number } = {},
) {
  const port = await freePort()
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, logger: QUIET, ...more })
  open.push(ssc)
  const records: T[] = []
  const reports: string[] = []
  ssc.on('receiverError', ({ message }) => reports.push(message))
  ssc.input<T>(flumeSource({ port, ...options })).foreachRDD(async (rdd) => void records.push(...(await rdd.collect())))
  await ssc.start()
  const tick = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  /** Runs batches until the promise settles. */
  const ticksUntil = async <R>(promise: Promise<R>): Promise<R> => {
    let isSettled = false
    const settled = promise.finally(() => {
      isSettled = true
    })
    while (!isSettled) {
      await tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await tick()
    return await settled
  }
  return { ssc, port, records, reports, tick, ticksUntil }
}

export function send(...args: Parameters<typeof sendByFlume>): Program {
  const program = sendByFlume(...args)
  programs.push(program)
  return program
}
