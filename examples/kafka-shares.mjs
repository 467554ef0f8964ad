#!/usr/bin/env node
// One stream over a Kafka topic in several processes. Each process owns one share of the partitions, and stands by for the others:
// node examples/kafka-shares.mjs --own 0 --of 2 --brokers localhost:9092 --topic orders --out totals --dir /shared/totals
//
// The records have keys. A key is always in the same partition, so the state of a key belongs to exactly one share. Each share has a
// checkpoint directory of its own, which one process at a time owns: when that process dies, the other one continues the share from there.
import { parseArgs } from 'node:util'
import { StateSpec, StreamingContext } from 'millrace'
import { kafkaSink, kafkaSource } from 'millrace/kafka'
import { count, duration } from './support/flags.mjs'

const { values } = parseArgs({
  options: {
    own: { type: 'string', default: '0' },
    of: { type: 'string', default: '2' },
    partitions: { type: 'string', default: '4' },
    brokers: { type: 'string', default: 'localhost:9092' },
    topic: { type: 'string', default: 'orders' },
    out: { type: 'string', default: 'totals' },
    dir: { type: 'string', default: 'totals' },
    interval: { type: 'string', default: '500ms' },
    'stand-by-after': { type: 'string', default: '10s' },
  },
})
const [own, shares, partitions] = [values.own, values.of, values.partitions].map(count)

/** A record of the output is the total of its key after one record of the input. */
function addToTotal(key, amount, state) {
  const total = (state.getOption() ?? 0) + amount
  state.update(total)
  return [key, String(total)]
}

/** @param {number} share @returns {StreamingContext} the running totals by key of one share of the partitions */
function contextOf(share) {
  const { brokers, topic, out, dir } = values
  const ssc = new StreamingContext({
    batchInterval: duration(values.interval),
    threads: 1,
    checkpointDir: `${dir}/share-${share}`,
  })
  const assigned = Array.from({ length: partitions }, (_, partition) => partition).filter((p) => p % shares === share)
  ssc
    .input(kafkaSource({ brokers, assignments: { [topic]: assigned }, start: 'earliest', keys: 'text', value: 'json' }))
    .mapWithState(StateSpec.function(addToTotal))
    .writeTo(kafkaSink({ brokers, topic: out, application: `${topic}-totals-${share}` }))
  return ssc
}

/** @param {number} share */
async function run(share) {
  const ssc = contextOf(share)
  ssc.on('standby', () => console.log(`stands by for share ${share}`))
  ssc.on('standbyPromoted', () => console.log(`continues share ${share}`))
  await ssc.start({ standby: true })
  console.log(`runs share ${share}`)
  await ssc.awaitTermination()
}

const others = Array.from({ length: shares }, (_, share) => share).filter((share) => share !== own)
// The other processes need time to start. Otherwise the first process would take all shares.
setTimeout(() => {
  for (const share of others) run(share)
}, duration(values['stand-by-after']))
await run(own)
