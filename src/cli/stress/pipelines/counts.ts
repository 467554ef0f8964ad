import type { DStream, StreamingContext } from '../../../index.js'

type Builder = Pick<StreamingContext, 'nameOutput' | 'deliver'>

/** Frequent words first, equally frequent ones by name. Exported, so that it can be used inside of foreachRDD. */
export const rank = ([word, n]: readonly [string, number]): [number, string] => [-n, word]

/** Outputs the counts of the words of lines, and the counts sorted. `merge` adds two counts. */
export function outputCounts(ssc: Builder, lines: DStream<string>, merge: (a: number, b: number) => number): void {
  const counts = lines
    .flatMap((line) => line.split(' ').slice(1))
    .map((word): [string, number] => [word, 1])
    .reduceByKey(merge)
  counts.output('counts')
  ssc.nameOutput('ranking')
  counts.foreachRDD(async (rdd, time) => ssc.deliver('ranking', time, await rdd.sortBy(rank).collect()))
}
