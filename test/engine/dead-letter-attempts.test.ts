import { type StreamingContext, withEnv } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

test('functions that fail by chance, all threads dying between the two readers: each record is in one of them', {
  timeout: 600_000,
}, async () => {
  const batches = 12
  const { ssc } = manual({ parallelism: 2 })
  open = ssc
  const data = Array.from({ length: batches }, (_, b) => Array.from({ length: 40 }, (_, i) => b * 40 + i))
  const taken = ssc.queueStream(data.map((batch) => [...batch])).map(
    (n) => {
      if (Math.random() < 0.5) throw new RangeError('by chance')
      return n
    },
    { onRecordError: 'dead-letter' },
  )
  taken.output('good')
  // Between the outputs of each batch.
  taken.foreachRDD(async () => {
    await Promise.all(
      localEngineOf(ssc)
        .pool!.threads()
        .map((thread) => thread.worker.terminate()),
    )
  })
  taken
    .deadLetters()
    .map(({ record }) => record)
    .output('bad')
  await ssc.start()
  const outputs = Promise.all([gather<number>(ssc, 'good'), gather<number>(ssc, 'bad')])
  await run(ssc, batches)
  await ssc.stop()
  const [good, bad] = await outputs
  data.forEach((batch, i) => {
    expect([...good[i]!.records, ...bad[i]!.records].sort((a, b) => a - b)).toEqual(batch)
  })
})

declare const runs: Int32Array

test('the only thread dies in each batch, after a task of the first reader: each record is in one of them', {
  timeout: 600_000,
}, async () => {
  const batches = 8
  const { ssc } = manual({ parallelism: 2, threads: 1, spare: false, maxFailures: 100 })
  open = ssc
  const data = Array.from({ length: batches }, (_, b) => Array.from({ length: 40 }, (_, i) => b * 40 + i))
  const taken = ssc.queueStream(data.map((batch) => [...batch])).map(
    (n) => {
      if (Math.random() < 0.5) throw new RangeError('by chance')
      return n
    },
    { onRecordError: 'dead-letter' },
  )
  const counter = new Int32Array(new SharedArrayBuffer(4))
  taken
    .mapPartitions(
      withEnv({ runs: counter }, (records: Iterable<number>) => {
        const all = [...records]
        if (Atomics.add(runs, 0, 1) % 3 === 1) process.exit(1)
        return all
      }),
    )
    .output('good')
  taken
    .deadLetters()
    .map(({ record }) => record)
    .output('bad')
  await ssc.start()
  const outputs = Promise.all([gather<number>(ssc, 'good'), gather<number>(ssc, 'bad')])
  await run(ssc, batches)
  await ssc.stop()
  const [good, bad] = await outputs
  data.forEach((batch, i) => {
    expect([...good[i]!.records, ...bad[i]!.records].sort((a, b) => a - b)).toEqual(batch)
  })
})
