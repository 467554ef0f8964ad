import { definePipeline, type KeyState, StateSpec } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { keyedEntries } from './keyed-entries.js'
import type { StressParams } from './params.js'

/** A key's sum, and the number of batches since its last value. */
interface Tally {
  readonly sum: number
  readonly idle: number
}

/** updateStateByKey that drops keys itself, and mapWithState that removes keys and has a timeout. */
export default definePipeline<StressParams>((ssc, params) => {
  const { interval, faults } = params
  const atReduce = tripwire(faults, 'reduce')
  const pairs = keyedEntries(ssc, params)

  const tallies = pairs.updateStateByKey((values: number[], tally: Tally | undefined): Tally | undefined => {
    atReduce(values)
    const { sum, idle } = tally ?? { sum: 0, idle: 0 }
    if (values.length > 0) return { sum: values.reduce((a, b) => a + b, sum), idle: 0 }
    return idle === 2 ? undefined : { sum, idle: idle + 1 }
  })
  tallies.output('tallies')
  // Reads old versions of the state. The engine recomputes them if their blocks are lost.
  tallies
    .window(3 * interval)
    .count()
    .output('recent')

  const visit = (key: string, value: number | undefined, state: KeyState<number>): [string, string, number] => {
    if (value === undefined) return [key, 'idle', state.get()]
    const sum = (state.getOption() ?? 0) + atReduce(value)
    if (value % 50 === 0) state.remove()
    else state.update(sum)
    return [key, 'seen', sum]
  }
  const visits = pairs.mapWithState(StateSpec.function(visit).timeout(4 * interval))
  visits.output('visits')
  visits.stateSnapshots().output('snapshot')
})
