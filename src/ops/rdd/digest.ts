import { digestOf, formatDigest, joinDigests, type RecordsDigest } from '../../values/records-digest.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import type { Rdd } from './rdd.js'

defineBuiltin('digestPartition', () => (records: Iterable<unknown>) => digestOf(records))

/** Returns a text that is equal for datasets with the same records in any order and any partitions. Action in one pass. */
export async function digest(rdd: Rdd<unknown>): Promise<string> {
  return formatDigest(joinDigests(await applyTo<RecordsDigest>(rdd, builtin('digestPartition'), 'digest')))
}
