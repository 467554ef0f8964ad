import { ManualClock, StreamingContext } from 'millrace'
import type { ActorSource } from 'millrace/actors'
import { afterEach } from 'vitest'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

export interface Message {
  readonly path: string
  readonly seq: number
  readonly text: string
  readonly n: number
  readonly from: number
  readonly at: Date
  readonly tags: ReadonlyMap<number, string>
}

/** Collects what a source receives, in batches that the test ends. */
export async function receive(source: ActorSource, more: { receiverBufferBytes?: number } = {}) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, logger: QUIET, ...more })
  open.push(ssc)
  const messages: Message[] = []
  const reports: string[] = []
  ssc.on('receiverError', ({ message }) => reports.push(message))
  ssc.input<Message>(source).foreachRDD(async (rdd) => void messages.push(...(await rdd.collect())))
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
  return { ssc, messages, reports, tick, ticksUntil }
}
