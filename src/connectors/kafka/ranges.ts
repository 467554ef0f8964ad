import type { TopicPartition } from './wire/topic-partition.js'

/** The records of one Kafka partition from offset `from` up to, without, offset `to`. */
export interface KafkaRange extends TopicPartition {
  readonly from: number
  readonly to: number
}

/** Smaller pieces cost more to fetch than a thread saves by reading them. */
const LEAST_PIECE = 1000

/**
 * Cuts large ranges so that there are about `wanted`, as Spark does: each range into a number of pieces in proportion to its
 * records. Pieces of a partition follow each other.
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
 * Shortens ranges to `most` records together, in proportion to what each partition has, and to `mostEach` in each. A partition
 * with records gets at least one. Empty ranges are left out.
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
