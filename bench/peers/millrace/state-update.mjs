import { overBatches } from './stream.mjs'

export function open(task) {
  const define = (keys, ssc) => {
    const initialState = ssc.context.range(Number(task.keys)).map((key) => [String(key), 0])
    const count = (values, old = 0) => values.reduce((sum, value) => sum + value, old)
    keys
      .map((key) => [key, 1])
      .updateStateByKey(count, { initialState })
      .map(([, total]) => total)
      .reduce((a, b) => a + b)
      .output('result')
  }
  return overBatches(task, define, ([total]) => ({ total }))
}
