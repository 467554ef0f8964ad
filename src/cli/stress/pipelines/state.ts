import { definePipeline, type KeyState, StateSpec } from '../../../index.js'
import { sparseEntries } from '../data.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, drawnStream, type StressParams } from './params.js'

/** A key's sum, and how many batches it has been without values. */
interface Tally {
  readonly sum: number
  readonly idle: number
}

/** updateStateByKey, which drops keys by itself, and mapWithState, which removes keys and times them out. */
export default definePipeline<StressParams>((ssc, params) => {
  const { interval, faults } = params
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const records = drawnStream(ssc, 'entries', interval, (batch) => sparseEntries(params, batch)).map((entry) =>
    atMap(entry),
  )
  auditSerials(records.map(([serial]) => serial))
  const pairs = records.map(([, key, value]): [string, number] => [key, value])

  const tallies = pairs.updateStateByKey((values: number[], tally: Tally | undefined): Tally | undefined => {
    atReduce(values)
    const { sum, idle } = tally ?? { sum: 0, idle: 0 }
    if (values.length > 0) return { sum: values.reduce((a, b) => a + b, sum), idle: 0 }
    return idle === 2 ? undefined : { sum, idle: idle + 1 }
  })
  tallies.output('tallies')
  // Asks for old versions of the state again when their blocks are lost.
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
