import { fileURLToPath } from 'node:url'
import { Context, split } from 'millrace'
import { folderOf } from '../../../test/services/install.mjs'
import { digest } from '../../compare/digest.mjs'
import { timed } from '../node/serve.mjs'

const JOBS = {
  wordcount: {
    kernels: (lines) => lines.flatMap(split(' ')).countByValue(),
    closures: (lines) =>
      lines
        .flatMap((line) => line.split(' '))
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

function onSpark(master, parallelism) {
  const conf = {
    'spark.ui.enabled': 'false',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.executor.cores': '1',
    'spark.executor.memory': '1g',
    'spark.cores.max': String(parallelism),
    'spark.millrace.node': process.execPath,
  }
  const bridge = fileURLToPath(new URL('../../../bridge/spark/dist', import.meta.url))
  return { master, parallelism, spark: { home: folderOf('spark'), bridge, conf } }
}
