#!/usr/bin/env node
// The twenty most frequent words of a text file: node examples/word-count.mjs <file>
import { Context } from 'millrace'

const context = new Context({ threads: 2 })
const counts = await context
  .textFile(process.argv[2] ?? 'LICENSE')
  .flatMap((line) => line.toLowerCase().match(/\p{Letter}+/gu) ?? [])
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b)
  .sortBy(([, count]) => count, false)
  .take(20)
for (const [word, count] of counts) console.log(String(count).padStart(6), word)
await context.stop()
