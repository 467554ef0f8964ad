import { ArgumentError, DataError, StateError } from '../errors.js'
import type { StreamGraph } from '../ops/dstream/graph.js'
import { KeyedStateStream } from '../ops/dstream/keyed-state.js'
import { facade, type RDD } from '../ops/rdd/facade.js'
import type { StateRdd } from '../ops/rdd/state.js'
import { describe } from '../values/describe.js'
import { toJson } from '../values/json.js'
import type { Context } from './context.js'
import type { StateOfKey } from './status/streams-status.js'

/** Milliseconds after which a look-up is cancelled. */
const LOOK_UP_MS = 10_000
/** Characters of the JSON of a value. */
const LONGEST_VALUE = 64 * 1024

/**
 * Returns the state of a key of updateStateByKey or mapWithState. Runs a job on the partition of the key.
 *
 * @param name the uid of the operation, or the number of its stream.
 * @throws ArgumentError if there is no such operation; StateError before its first batch; DataError if the value has more than
 *   64 KiB as JSON; JobCancelledError after ten seconds.
 */
export async function lookUpState(
  context: Context,
  graph: StreamGraph,
  name: string,
  key: unknown,
): Promise<StateOfKey> {
  const keyed = graph.frozen ? graph.streams.filter((stream) => stream instanceof KeyedStateStream) : []
  const found = keyed.find((stream) => graph.uids.get(stream) === name || String(stream.id) === name)
  if (!found) {
    const known = keyed.map((stream) => describe(graph.uids.get(stream)))
    throw new ArgumentError(
      `There is no updateStateByKey or mapWithState with the uid ${describe(name)}. Those of the graph: ${known.join(', ') || 'none'}.`,
      { name },
    )
  }
  const { id: stream, label } = found
  const version = found.newestVersion
  if (version === undefined)
    throw new StateError(`${label} has no state yet. Look a key up after its first batch.`, { stream })
  const dataset = found.getOrCompute(version) as StateRdd<unknown>
  const entries = facade(dataset.entries<[unknown, unknown]>()) as RDD<[unknown, unknown]>
  const values = await context.withSignal(AbortSignal.timeout(LOOK_UP_MS), () => entries.lookup(key))
  const value = values.length === 0 ? undefined : toJson(values[0])
  if (value !== undefined && value.length > LONGEST_VALUE) {
    throw new DataError(
      `The state of the key has ${value.length} characters as JSON; a look-up returns at most ${LONGEST_VALUE}. Read it with readState from a checkpoint.`,
      { length: value.length },
    )
  }
  return { stream, label, uid: graph.uids.get(found)!, version, found: values.length > 0, value }
}
