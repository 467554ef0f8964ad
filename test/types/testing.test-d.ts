import type { DStream, StreamingContext } from 'millrace'
import { type OutputBatch, runBatches } from 'millrace/testing'
import { same } from './equal.js'

// The pipeline's streams have the types of the inputs, its outputs those of the streams.
same<Promise<OutputBatch<string>[]>>()(
  runBatches(
    (ssc, numbers, texts) => {
      same<StreamingContext>()(ssc)
      same<DStream<number>>()(numbers)
      same<DStream<string>>()(texts)
      return numbers.map(String).union(texts)
    },
    [
      [[1], null],
      [['a'], []],
    ],
  ),
)
same<Promise<{ counts: OutputBatch<number>[]; lengths: OutputBatch<[string, number]>[] }>>()(
  runBatches(
    (_, texts) => ({ counts: texts.count(), lengths: texts.map((s): [string, number] => [s, s.length]) }),
    [[['a']]],
  ),
)
const pairs: [string, number][][] = [[['a', 1]]]
same<Promise<OutputBatch<[string, number]>[]>>()(runBatches((_, s) => s.reduceByKey((a, b) => a + b), [pairs]))
// @ts-expect-error numbers have no keys
runBatches((_, s) => s.reduceByKey((a: number, b: number) => a + b), [[[1]]])
// @ts-expect-error a pipeline answers with streams
runBatches((_, s) => s.count, [[[1]]])
// @ts-expect-error there is no such option
runBatches((_, s) => s, [[[1]]], { thread: 2 })
