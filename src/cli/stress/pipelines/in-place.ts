import { definePipeline, type KeyState, StateSpec } from '../../../index.js'
import { sparseEntries } from '../data.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, drawnStream, type StressParams } from './params.js'

interface Tally {
  sum: number
  idle: number
}

/** The pipeline `state` with functions that change their state in place: it must give the same answers. */
export default definePipeline<StressParams>((ssc, params) => {
  const { interval, faults } = params
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const records = drawnStream(ssc, 'entries', interval, (batch) => sparseEntries(params, batch)).map((entry) =>
    atMap(entry),
  )
  auditSerials(records.map(([serial]) => serial))
  const pairs = records.map(([, key, value]): [string, number] => [key, value])

  const tallies = pairs.updateStateByKey((values: number[], state: Tally | undefined): Tally | undefined => {
    const tally = state ?? { sum: 0, idle: -1 }
    tally.idle++
    for (const value of values) {
      tally.sum += value
      tally.idle = 0
    }
    // After the change: where this throws, the change must be undone.
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
