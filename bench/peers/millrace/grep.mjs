import { Context, includes, withEnv } from 'millrace'
import { timed } from '../node/serve.mjs'
import { overBatches, variant } from './stream.mjs'

export function open(task) {
  const { word } = task
  if (task.variant === 'file') return overFile(task)
  const streams = {
    builtins: (lines) => lines.filter(includes(word)).count().output('result'),
    closures: (lines) =>
      lines
        .filter(withEnv({ word }, (line) => line.includes(word)))
        .count()
        .output('result'),
  }
  return overBatches(task, variant(streams, task), ([total]) => ({ total }))
}

async function overFile({ threads, file, word }) {
  const context = new Context({ threads })
  const count = () => context.textFile(file).filter(includes(word)).count()
  return { run: timed(count), answer: (total) => ({ total }), close: () => context.stop() }
}
