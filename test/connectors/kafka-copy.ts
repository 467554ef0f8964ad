/*
 * Copies numbers from one topic to another, exactly once without checkpoints, until it is caught up. Kills itself at a request to a
 * broker, before the request is sent or once it is on its way.
 */
import { Socket } from 'node:net'
import { StreamingContext } from 'millrace'
import { kafkaSink, kafkaSource } from 'millrace/kafka'
import { terminateThread } from 'millrace/testing'

export interface CopyTask {
  readonly brokers: string
  readonly from: string
  readonly to: string
  readonly checkpointDir?: string
  /** Whether threads die too. */
  readonly killsThreads?: boolean
  readonly death?: { readonly api: number; readonly nth: number; readonly isSent: boolean }
}

const { brokers, from, to, checkpointDir, killsThreads, death } = JSON.parse(process.argv[2]!) as CopyTask

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

if (death) {
  let seen = 0
  const { write } = Socket.prototype
  Socket.prototype.write = function (this: Socket, bytes: unknown, ...rest: unknown[]) {
    const isIt = bytes instanceof Uint8Array && Buffer.from(bytes.slice(4, 6)).readInt16BE() === death.api
    if (!isIt || ++seen < death.nth) return write.apply(this, [bytes, ...rest] as never)
    if (death.isSent) return write.call(this, bytes, die)
    die()
    return false
  } as typeof write
}

const ssc = new StreamingContext({ batchInterval: 50, threads: 2, checkpointDir })
// 20 records of each partition a batch.
const numbers = kafkaSource({
  brokers,
  topics: from,
  group: `copy-${from}`,
  start: 'earliest',
  maxRatePerPartition: 400,
})
ssc
  .input(numbers)
  .map((text): [string, string] => [`k${Number(text) % 5}`, text])
  .writeTo(kafkaSink({ brokers, topic: to, application: `copy-${from}`, offsetsOf: numbers }))
if (killsThreads) {
  let batches = 0
  ssc.on('batchStarted', () => void terminateThread(ssc, ++batches % 2).catch(() => undefined))
}
await ssc.start({ until: 'caught-up' })
await ssc.awaitTermination()
