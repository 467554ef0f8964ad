// Delays of flights by airport and by state, from a socket that replays them: over a short window, and over the whole run.
import { type DStream, definePipeline } from 'millrace'
import { add, byState, delayByOrigin, hasFlights, subtract } from './delays.mjs'
import { readAirports } from './support/flights.mjs'

export interface Params {
  readonly port: number
  /** The short window, such as '5s'. */
  readonly recent: string
}

type Delays = DStream<[key: string, delay: [flights: number, minutes: number]]>

/** Longer than any replay: no record leaves this window. */
const WHOLE_RUN = '1h'

export default definePipeline<Params>((ssc, { port, recent }) => {
  const states = readAirports().map(({ iata, state }): [string, string] => [iata, state])
  // Partitioned by key once: the join of each batch shuffles only the delays.
  const airports = ssc.context.parallelize(states).partitionBy(ssc.context.parallelism)

  const delays: Delays = ssc.socketTextStream('127.0.0.1', port).map(delayByOrigin).reduceByKey(add)
  const window = (length: string): Delays =>
    delays.reduceByKeyAndWindow(add, length, undefined, { inverse: subtract, filter: hasFlights })
  const inStates = (byAirport: Delays): Delays =>
    byAirport
      .transform((rdd) => rdd.join(airports))
      .map(byState)
      .reduceByKey(add)

  const total = window(WHOLE_RUN)
  total.output('airports')
  inStates(total).output('states')
  inStates(window(recent)).output('recent')
})
