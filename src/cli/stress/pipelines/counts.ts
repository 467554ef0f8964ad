import type { DStream } from '../../../index.js'

/**
 * Compares words: frequent ones first, equally frequent ones by name. It is exported, so that functions inside of
 * `transform` can use it.
 */
export const rank = ([word, n]: readonly [string, number]): [number, string] => [-n, word]

/** Outputs the number of each word of lines, also as a sorted list. `merge` adds two counts. */
export function outputCounts(lines: DStream<string>, merge: (a: number, b: number) => number): void {
  const counts = lines
    .flatMap((line) => line.split(' ').slice(1))
    .map((word): [string, number] => [word, 1])
    .reduceByKey(merge)
  counts.output('counts')
  counts.transform((rdd) => rdd.sortBy(rank)).output('ranking')
}
