import { definePipeline, type KeyState, StateSpec } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { keyedEntries } from './keyed-entries.js'
import type { StressParams } from './params.js'

interface Tally {
  sum: number
  idle: number
}

/** The pipeline `state`, with functions that change their state in place. Its results must be the same. */
export default definePipeline<StressParams>((ssc, params) => {
  const { interval, faults } = params
  const atReduce = tripwire(faults, 'reduce')
  const pairs = keyedEntries(ssc, params)

  const tallies = pairs.updateStateByKey((values: number[], state: Tally | undefined): Tally | undefined => {
    const tally = state ?? { sum: 0, idle: -1 }
    tally.idle++
    for (const value of values) {
      tally.sum += value
      tally.idle = 0
    }
    // This follows the change: if it throws, the engine must undo the change.
    atReduce(values)
    return tally.idle === 3 ? undefined : tally
  })
  tallies.output('tallies')
  tallies
    .window(3 * interval)
    .count()
    .output('recent')

  const visit = (
    key: string,
    value: number | undefined,
    state: KeyState<{ sum: number }>,
  ): [string, string, number] => {
    if (value === undefined) return [key, 'idle', state.get().sum]
    const visits = state.getOption() ?? { sum: 0 }
    if (!state.exists()) state.update(visits)
    visits.sum += value
    atReduce(value)
    const { sum } = visits
    if (value % 50 === 0) state.remove()
    return [key, 'seen', sum]
  }
  const visits = pairs.mapWithState(StateSpec.function(visit).timeout(4 * interval))
  visits.output('visits')
  visits
    .stateSnapshots()
    .map(([key, { sum }]): [string, number] => [key, sum])
    .output('snapshot')
})
