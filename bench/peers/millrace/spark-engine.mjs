import { Context, split } from 'millrace'
import { digest } from '../../compare/digest.mjs'
import { timed } from '../node/serve.mjs'
import { onSpark } from './on-spark.mjs'

const JOBS = {
  wordcount: {
    kernels: (lines) => lines.flatMap(split(' ')).countByValue(),
    closures: (lines) =>
      lines
        .flatMap((line) => line.split(' '))
        .map((word) => [word, 1])
        .reduceByKey((a, b) => a + b)
        .collect(),
    // A function that no kernel knows.
    functions: (lines) =>
      lines
        .flatMap((line) => {
          const words = []
          for (let at = 0; at <= line.length; ) {
            const end = line.indexOf(' ', at)
            words.push(line.slice(at, end < 0 ? line.length : end))
            at = end < 0 ? line.length + 1 : end + 1
          }
          return words
        })
        .map((word) => [word, 1])
        .reduceByKey((a, b) => a + b)
        .collect(),
  },
  lines: {
    closures: async (lines) => [
      [
        'lines',
        await lines
          .map((line) => [line.slice(0, 8), line])
          .partitionBy(2)
          .count(),
      ],
    ],
  },
}

/** One job over a file, in threads or on a Spark master. */
export function open({ peer, threads, master, file, job, variant }) {
  const context = new Context(peer === 'millrace-spark' ? onSpark(master, threads) : { threads })
  const run = JOBS[job][variant]
  return { run: timed(() => run(context.textFile(file, threads))), answer: digest, close: () => context.stop() }
}
