import { Context, split } from 'millrace'
import { digest } from '../../compare/digest.mjs'
import { timed } from '../node/serve.mjs'
import { overBatches, variant } from './stream.mjs'

const STREAMS = {
  builtins: (lines) => lines.flatMap(split(' ')).countByValue().output('result'),
  closures: (lines) =>
    lines
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b)
      .output('result'),
}

export function open(task) {
  if (task.variant === 'file') return task.master ? overBatches(task, ofFile(task)) : overFile(task)
  return overBatches(task, variant(STREAMS, task))
}

/** Batches over a file that the executors read, as those of Spark's own variant. */
function ofFile({ file }) {
  return (lines, ssc) =>
    lines
      .transform(() => ssc.context.textFile(file))
      .flatMap(split(' '))
      .countByValue()
      .output('result')
}

async function overFile({ threads, file }) {
  const context = new Context({ threads })
  const count = () => context.textFile(file).flatMap(split(' ')).countByValue()
  return { run: timed(count), answer: digest, close: () => context.stop() }
}
