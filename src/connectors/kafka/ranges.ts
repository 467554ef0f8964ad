import type { SourceLag } from '../../ops/source.js'
import { partitionKey, type TopicPartition } from './wire/topic-partition.js'

/** The records of one topic partition, from offset `from` (inclusive) to `to` (exclusive). */
export interface KafkaRange extends TopicPartition {
  readonly from: number
  readonly to: number
}

/** The least records of a piece: a request for fewer costs more time than a second thread saves. */
const LEAST_PIECE = 1000

/**
 * Splits large ranges into about `wanted` pieces in all, as Spark does: each range in proportion to its records. The
 * pieces of a partition are adjacent in the result.
 */
export function splitRanges(ranges: readonly KafkaRange[], wanted: number): KafkaRange[] {
  if (ranges.length >= wanted) return [...ranges]
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  return ranges.flatMap(({ from, to, ...of }) => {
    const records = to - from
    const pieces = Math.min(Math.round((records / total) * wanted), Math.floor(records / LEAST_PIECE))
    const borderOf = (i: number) => from + Math.floor((records * i) / pieces)
    if (pieces < 2) return { ...of, from, to }
    return Array.from({ length: pieces }, (_, i) => ({ ...of, from: borderOf(i), to: borderOf(i + 1) }))
  })
}

/**
 * Limits the ranges to `most` records in all, in proportion to their sizes, and to `mostEach` records each. Each
 * partition with records keeps at least one; empty ranges are dropped.
 */
export function limited(ranges: readonly KafkaRange[], most: number, mostEach: number): KafkaRange[] {
  const total = ranges.reduce((sum, { from, to }) => sum + (to - from), 0)
  const share = Math.min(1, most / total)
  return ranges
    .filter(({ from, to }) => from < to)
    .map((range) => {
      const { from, to } = range
      const records = Math.min(to - from, mostEach, (to - from) * share)
      return { ...range, to: from + Math.max(1, Math.floor(records)) }
    })
}

/** Returns the lag of a batch that takes `taken` of the `available` ranges: end offsets less read offsets. */
export function lagOf(available: readonly KafkaRange[], taken: readonly KafkaRange[]): SourceLag {
  const ends = new Map(taken.map((range) => [partitionKey(range), range.to]))
  const parts = available.map((range) => {
    const name = partitionKey(range)
    const next = ends.get(name) ?? range.from
    return { name, taken: next - range.from, left: range.to - next, next, end: range.to }
  })
  return { unit: 'records', parts }
}
