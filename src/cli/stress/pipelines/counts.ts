import type { DStream } from '../../../index.js'

/** Frequent words first, equally frequent ones by name. Exported, so that functions inside transform can use it. */
export const rank = ([word, n]: readonly [string, number]): [number, string] => [-n, word]

/** Outputs the counts of the words of lines, and the counts sorted. `merge` adds two counts. */
export function outputCounts(lines: DStream<string>, merge: (a: number, b: number) => number): void {
  const counts = lines
    .flatMap((line) => line.split(' ').slice(1))
    .map((word): [string, number] => [word, 1])
    .reduceByKey(merge)
  counts.output('counts')
  counts.transform((rdd) => rdd.sortBy(rank)).output('ranking')
}
