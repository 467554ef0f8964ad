/*
 * A row's stream in a process of its own, in real time, until it is killed. Prints each batch before it is complete:
 * writing to a pipe is synchronous, so whatever a batch did is known when the process dies.
 */
import { StreamingContext } from 'millrace'
import { errorOf } from './errors.js'
import type { ProcessMessage, ProcessTask, RowRef } from './process.js'
import { type ConnectorRow, type SinkRow, type SourceRow, writeStream } from './row.js'

const { row: name, kind, index, place, checkpointDir, hidden } = JSON.parse(process.argv[2]!) as RowRef & ProcessTask
const { row } = (await import(`./rows/${name}.js`)) as { row: ConnectorRow }
const print = (message: ProcessMessage) => void process.stdout.write(`${JSON.stringify(message)}\n`)

/** Records of a batch of the sinks' stream. */
const PER_BATCH = 10
const INTERVAL_MS = 200

/** Ten numbers of each batch time, the same in every process. */
function numbersAt(time: number): number[] {
  return Array.from({ length: PER_BATCH }, (_, i) => (time / INTERVAL_MS) * PER_BATCH + i)
}

function build(ssc: StreamingContext, source: SourceRow | undefined, sink: SinkRow | undefined): void {
  if (source) {
    const serial = source.serial ?? Number
    source.open(ssc, place!).foreachRDD(async (rdd, time) => {
      const numbers = (await rdd.collect()).map((record) => serial(record))
      if (numbers.length > 0) print({ time, numbers })
    })
    return
  }
  const next = (time: number) => numbersAt(time).map((n) => sink!.record(n))
  const numbers = ssc.input<unknown>({ kind: 'local', name: 'numbers', replayable: true, next })
  writeStream(numbers, sink!.open(place!))
  ssc.on('batchCompleted', ({ time, outputs }) => {
    if (outputs.every(({ error }) => error === undefined)) print({ time, numbers: numbersAt(time) })
  })
}

const source = kind === 'source' ? row.sources[index] : undefined
const sink = kind === 'sink' ? row.sinks[index] : undefined
if (hidden !== undefined) {
  const ssc = new StreamingContext({ batchInterval: INTERVAL_MS, threads: 1 })
  const { text } = await errorOf(
    ssc,
    async () => {},
    () => {
      const bad = (source ?? sink)!.bad['missing client'] as { open(...args: unknown[]): never }
      if (source)
        (bad.open(ssc, {}) as import('millrace').DStream<unknown>).foreachRDD(async (rdd) => void (await rdd.collect()))
      else writeStream(ssc.queueStream([[sink!.record(1)]]), bad.open({}))
    },
  )
  print({ error: text })
  process.exit()
}
const ssc = new StreamingContext({
  ...(source ?? sink)!.options?.(place!),
  batchInterval: INTERVAL_MS,
  threads: 2,
  checkpointDir,
  checkpointInterval: INTERVAL_MS,
})
build(ssc, source, sink)
// From the first checkpoint on a process can be killed and resumed.
ssc.on('checkpointWritten', () => print({ started: true }))
await ssc.start()
await ssc.awaitTermination()
