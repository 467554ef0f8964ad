import type { InputSource, StreamingContext } from 'millrace'
import type { ActorSource } from 'millrace/actors'
import { afterEach } from 'vitest'
import { manualStreams, range, recordsOf, ticksUntil } from '../support/streams.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

export { range }

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
  const { ssc, tick } = manualStreams({ logger: QUIET, ...more })
  open.push(ssc)
  const { records: messages, reports } = recordsOf<Message>(ssc, source as InputSource<Message>)
  await ssc.start()
  return { ssc, messages, reports, tick, ticksUntil: <R>(promise: Promise<R>) => ticksUntil(promise, tick) }
}
