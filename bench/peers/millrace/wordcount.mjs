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
  if (task.variant === 'file') return overFile(task)
  return overBatches(task, variant(STREAMS, task))
}

async function overFile({ threads, file }) {
  const context = new Context({ threads })
  const count = () => context.textFile(file).flatMap(split(' ')).countByValue()
  return { run: timed(count), answer: digest, close: () => context.stop() }
}
