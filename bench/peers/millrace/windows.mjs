import { split } from 'millrace'
import { overBatches, variant } from './stream.mjs'

/** Seconds: one batch each. */
const LENGTH = '30s'
const SLIDE = '1s'

const STREAMS = {
  builtins: (lines) => lines.flatMap(split(' ')).countByValueAndWindow(LENGTH, SLIDE).output('result'),
  closures: (lines) =>
    lines
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKeyAndWindow((a, b) => a + b, LENGTH, SLIDE, {
        inverse: (a, b) => a - b,
        filter: ([, count]) => count > 0,
      })
      .output('result'),
}

export function open(task) {
  return overBatches(task, variant(STREAMS, task))
}
