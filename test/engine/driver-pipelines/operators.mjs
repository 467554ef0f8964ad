// One stream of pushed pairs through operators of every kind.
import { definePipeline, StateSpec } from 'millrace'

const names = new Map([
  ['a', 'ann'],
  ['b', 'bob'],
])
export const nameOf = ([key, value]) => [names.get(key) ?? key, value]

export default definePipeline((ssc, { factor }) => {
  const pairs = ssc.pushStream('pairs')
  const scaled = pairs.map(([key, value]) => [key, value * factor])
  scaled.output('scaled')
  scaled.reduceByKey((x, y) => x + y).output('sums')
  pairs
    .map(([key]) => key)
    .countByValueAndWindow('3s', '1s')
    .output('window')
  pairs.updateStateByKey((values, total) => values.reduce((x, y) => x + y, total ?? 0)).output('totals')
  const spec = StateSpec.function((key, value, state) => {
    const total = (state.getOption() ?? 0) + (value ?? 0)
    if (!state.isTimingOut()) state.update(total)
    return [key, total]
  })
  pairs.mapWithState(spec).output('running')
  scaled.join(ssc.queueStream([[['a', 'x']], [['b', 'y']], []])).output('joined')
  pairs.transform((rdd) => rdd.filter(([, value]) => value > 1).map(nameOf)).output('named')
  pairs.window('2s', '2s').count().output('slow')
})
