import type { CapturedPartitioner } from '../dataset.js'
import { builtin } from '../functions/builtin.js'
import { checkPartitions } from '../partitioner.js'
import type { RddContext } from './context.js'

/** Returns the partitioner of pairs whose key is the number of their partition. */
export function byNumber(context: RddContext, partitions: number): CapturedPartitioner {
  const identity = builtin('identity')
  return {
    kind: 'custom',
    partitions: checkPartitions(partitions),
    identity,
    fn: context.capture(identity, 'partition'),
  }
}
