import type { InputNode, StreamNode } from '../../ops/dstream/node.js'
import type { SavedOperation } from './checkpoint.js'

/** Describes an input, or a stream that keeps data, as a checkpoint of the batch at `time` does. */
export function operationOf(stream: StreamNode, uid: string, time: number): SavedOperation {
  const { kept } = stream
  const { form = `input (${(stream as InputNode).source?.kind})`, stateVersion = 1, partitioner } = kept ?? {}
  const placed = partitioner ? { by: partitioner.kind, partitions: partitioner.partitions } : null
  return { uid, form, stateVersion, placed, held: stream.held(time) ?? null }
}
