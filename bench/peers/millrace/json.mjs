import { jsonField } from 'millrace'
import { overBatches, variant } from './stream.mjs'

const STREAMS = {
  builtins: (lines) => lines.map(jsonField('country')).countByValue().output('result'),
  closures: (lines) =>
    lines
      .map((line) => [JSON.parse(line).country, 1])
      .reduceByKey((a, b) => a + b)
      .output('result'),
}

export function open(task) {
  return overBatches(task, variant(STREAMS, task))
}
