import type { Dataset, ShuffleDependency } from '../../ops/dataset.js'
import { ReceivedRdd } from '../../ops/rdd/source-rdds.js'
import { StateRdd } from '../../ops/rdd/state.js'
import type { MapOutputs } from './map-outputs.js'
import type { PersistedPartitions } from './persisted-partitions.js'

export interface SettledTables {
  readonly persisted: PersistedPartitions
  readonly outputs: MapOutputs
}

/** A persisted dataset that needs no source any more. */
export interface SettledDataset {
  /** Bytes of its partitions and of the map outputs behind them. */
  readonly bytes: number
  /** Keeps those bytes, whatever threads die and however full the memory is, until the dataset is released. */
  keep(): void
}

/**
 * Returns a dataset that is all persisted in memory, computed through a shuffle whose map outputs all exist, from
 * nothing but received data; undefined for any other. A partition with wrong bytes is then recomputed from the map
 * outputs, which are other bytes: each record has two locations, as it has with its source. Data from anything else could
 * come out different on recomputation, and would need the source again.
 */
export function settledDataset(rdd: Dataset, { persisted, outputs }: SettledTables): SettledDataset | undefined {
  const shuffles = shufflesBefore(rdd)
  if (rdd.storage !== 'memory' || !shuffles?.length) return undefined
  let bytes = 0
  for (let partition = 0; partition < rdd.partitions; partition++) {
    const location = persisted.get(rdd.id, partition)
    if (location?.in !== 'memory') return undefined
    bytes += location.block.length
  }
  for (const shuffle of shuffles) {
    const blocks = isFromReceived(shuffle.rdd) ? outputs.complete(shuffle) : undefined
    if (!blocks) return undefined
    for (const { length } of blocks) bytes += length
  }
  const keep = () => {
    persisted.keep(rdd.id)
    for (const { id } of shuffles) outputs.keep(id)
  }
  return { bytes, keep }
}

/** Returns the shuffles of the last stage; undefined if some of its data comes through none. */
function shufflesBefore(rdd: Dataset): ShuffleDependency[] | undefined {
  // The versions before it are not among its dependencies.
  if (rdd instanceof StateRdd) return undefined
  const found: ShuffleDependency[] = []
  for (const dependency of rdd.dependencies) {
    const before = dependency.kind === 'shuffle' ? [dependency] : shufflesBefore(dependency.rdd)
    if (!before) return undefined
    found.push(...before)
  }
  return found.length > 0 ? found : undefined
}

function isFromReceived(rdd: Dataset): boolean {
  if (rdd instanceof StateRdd) return false
  if (rdd.dependencies.length === 0) return rdd instanceof ReceivedRdd
  return rdd.dependencies.every((dependency) => isFromReceived(dependency.rdd))
}
