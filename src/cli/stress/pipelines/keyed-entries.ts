import type { DStream, StreamBuilder } from '../../../index.js'
import { sparseEntries } from '../data.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, drawnStream, type StressParams } from './params.js'

/**
 * Creates the input of the pipelines with state: pairs with few keys per batch. An output audits their serial numbers.
 */
export function keyedEntries(ssc: StreamBuilder, params: StressParams): DStream<[string, number]> {
  const atMap = tripwire(params.faults, 'map')
  const records = drawnStream(ssc, 'entries', params.interval, (batch) => sparseEntries(params, batch)).map((entry) =>
    atMap(entry),
  )
  auditSerials(records.map(([serial]) => serial))
  return records.map(([, key, value]): [string, number] => [key, value])
}
