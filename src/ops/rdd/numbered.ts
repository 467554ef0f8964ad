import { builtin } from '../functions/builtin.js'
import { type CustomPartitioner, checkPartitions } from '../partitioner.js'
import type { RddBuilder } from './builder.js'

/** Pairs whose key is the number of the partition they belong to. */
export function byNumber(context: RddBuilder, partitions: number): CustomPartitioner {
  const identity = builtin('identity')
  return {
    kind: 'custom',
    partitions: checkPartitions(partitions),
    identity,
    fn: context.capture(identity, 'partition'),
  }
}
