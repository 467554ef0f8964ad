import { split } from 'millrace'
import { overBatches, variant } from './stream.mjs'

const WORDS = {
  builtins: (lines) => lines.flatMap(split(' ')),
  closures: (lines) => lines.flatMap((line) => line.split(' ')),
}

export function open(task) {
  const words = variant(WORDS, task)
  return overBatches(task, (lines) => {
    let top = []
    words(lines)
      .countByValueAndWindow('30s', '1s')
      .foreachRDD(async (counts) => {
        top = await counts.top(10, ([a, m], [b, n]) => m - n || (a < b ? 1 : -1))
      })
    return () => top
  })
}
