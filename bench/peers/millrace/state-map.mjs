import { StateSpec } from 'millrace'
import { overBatches } from './stream.mjs'

export function open(task) {
  const define = (keys, ssc) => {
    const initial = ssc.context.range(Number(task.keys)).map((key) => [String(key), 0])
    const count = (_key, value, state) => {
      const total = state.get() + value
      state.update(total)
      return total
    }
    keys
      .map((key) => [key, 1])
      .mapWithState(StateSpec.function(count).initialState(initial))
      .reduce((a, b) => a + b)
      .output('result')
  }
  return overBatches(task, define, ([total]) => ({ total }))
}
