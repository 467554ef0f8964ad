import type { Partitioner, SampledPartitioner } from '../../ops/dataset.js'
import { isGuarded, unguarded } from '../../ops/functions/guard.js'
import { inDriver } from '../../ops/functions/in-driver.js'
import type { FunctionResolver } from '../../ops/functions/resolve.js'
import type { Sink } from '../../ops/plan.js'
import { checkedOrder } from '../../ops/rdd/checked-order.js'

/** Number of sampled keys for each bound. */
const SAMPLES = 20

/** The keys that a task has sampled, and the number of records that each of them represents. */
export interface KeySample {
  readonly keys: readonly unknown[]
  readonly weight: number
}

type Compare = (a: unknown, b: unknown) => number

/** Returns the partitioner if it is one by ranges. */
export function sampledPartitioner(partitioner: Partitioner): SampledPartitioner | undefined {
  return partitioner.kind === 'range' ? (partitioner as SampledPartitioner) : undefined
}

/** Whether a partitioner can map keys to partitions: one by ranges only if its bounds are known. */
export function isPlaced(partitioner: Partitioner): boolean {
  const sampled = sampledPartitioner(partitioner)
  return sampled === undefined || sampled.bounds !== undefined
}

/** Whether a range partitioner needs samples before its shuffle can be written. */
export function needsBounds({ partitions, sampled }: SampledPartitioner): boolean {
  return partitions > 1 && sampled.partitions > 0
}

/** The sink that samples the keys of a partition. */
export function sampleSink({ key, partitions, sampled, label }: SampledPartitioner): Sink {
  const most = Math.ceil((SAMPLES * partitions * 3) / sampled.partitions)
  return {
    op: 'apply',
    fn: { k: 'builtin', name: 'sampleKeys', args: [{ fn: key }, { value: most }] },
    label,
  }
}

/** Returns the bounds between partitions of about equal size, in sort order. */
export function boundsOf(
  { partitions, ascending, compare: ref, label }: SampledPartitioner,
  samples: readonly KeySample[],
  resolver: FunctionResolver,
): unknown[] {
  const resolved = resolver.resolve(ref!)
  const named = isGuarded(resolved) ? inDriver(unguarded(resolved), label) : resolved
  const compare = checkedOrder(named as Compare, label)
  const weighted = samples.flatMap(({ keys, weight }) => keys.map((key) => ({ key, weight })))
  weighted.sort((a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key)))
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  const bounds: unknown[] = []
  let passed = 0
  for (const { key, weight } of weighted) {
    passed += weight
    if (bounds.length >= partitions - 1 || passed < ((bounds.length + 1) * total) / partitions) continue
    if (bounds.length === 0 || compare(bounds.at(-1), key) !== 0) bounds.push(key)
  }
  return bounds
}
