import { customPartitioner, hashPartitioner } from 'millrace'
import { compiled } from './values.mjs'

/** What a shuffle of a step is given: nothing, a number of partitions, or a partitioner. */
export function partitionsOf({ numPartitions, partitionFn, partitioner }) {
  if (partitionFn !== undefined) return customPartitioner(numPartitions, compiled(partitionFn))
  if (typeof partitioner === 'number') return hashPartitioner(partitioner)
  if (typeof partitioner === 'string') return customPartitioner(numPartitions, compiled(partitioner))
  if (typeof partitioner === 'object' && partitioner !== null) return partitionsOf(partitioner)
  return numPartitions
}
