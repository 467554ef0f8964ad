#!/usr/bin/env node
// Counts the words of each second's lines. In one terminal `nc -lk 9999`, in another
// `node examples/network-word-count.mjs localhost 9999`; Ctrl-C processes the received lines, and ends.
import { StreamingContext } from 'millrace'

const [host = 'localhost', port = '9999'] = process.argv.slice(2)
const ssc = new StreamingContext({ batchInterval: '1s', threads: 2 })
ssc
  .socketTextStream(host, Number(port))
  .flatMap((line) => line.split(' '))
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b)
  .print()

process.once('SIGINT', () => ssc.stop({ graceful: true }))
await ssc.start()
await ssc.awaitTermination()
