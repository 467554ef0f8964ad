import { StateSpec } from 'millrace'
import { everyKey, keyPieces, manyInputs, textOf, textStream, wordCount } from './streams.mjs'

/*
 * The runs. Each grows one thing. `open(size, threads)` opens a stream of that size. `batches`: those of a turn. The cost is
 * that of a batch, or with `each` that of one of the things that grow.
 */

const UPDATES = 20_000
const PIECES = 4
const BATCH = 2 ** 20
const SMALL = 2 ** 16

const count = (_key, value, state) => {
  const total = (state.exists() ? state.get() : 0) + value
  state.update(total)
  return total
}
const sum = (values, total = 0) => values.reduce((a, b) => a + b, total)
const result = (stream) => stream.count().output('result')

function keyed(define) {
  return (keys, threads) => {
    const pieces = keyPieces(keys, UPDATES, PIECES)
    return textStream({
      threads,
      define: (lines) => result(define(lines.map((key) => [key, 1]))),
      bytesOf: (i) => pieces[i % PIECES],
      before: [everyKey(keys)],
    })
  }
}

/** Outputs of one input, which they share. */
function outputs(size, threads) {
  return textStream({
    threads,
    define: (lines) => {
      for (let i = 1; i < size; i++) lines.filter((line) => line.length > 80).foreachRDD((rdd) => rdd.count())
      result(lines)
    },
    bytesOf: () => textOf(SMALL),
  })
}

function windows(size, threads) {
  return textStream({
    threads,
    define: (lines) =>
      result(
        lines
          .flatMap((line) => line.split(' '))
          .map((word) => [word, 1])
          .reduceByKeyAndWindow((a, b) => a + b, size * 1000, 1000, { inverse: (a, b) => a - b }),
      ),
    bytesOf: () => textOf(SMALL),
    before: Array.from({ length: size }, () => textOf(SMALL)),
  })
}

export const RUNS = [
  {
    name: 'keys',
    title: 'keys of mapWithState: a batch',
    sizes: [1000, 10_000, 100_000, 1_000_000],
    quick: [100, 1000],
    batches: 20,
    open: keyed((pairs) => pairs.mapWithState(StateSpec.function(count))),
  },
  {
    name: 'visited-keys',
    title: 'keys of updateStateByKey: a batch',
    sizes: [1000, 10_000, 100_000, 1_000_000],
    quick: [100, 1000],
    batches: 5,
    open: keyed((pairs) => pairs.updateStateByKey(sum)),
  },
  {
    name: 'partitions',
    title: 'partitions of a word count: a batch',
    sizes: [2, 8, 32, 128],
    quick: [2, 4],
    batches: 10,
    open: (parallelism, threads) =>
      textStream({ threads, parallelism, define: (lines) => result(wordCount(lines)), bytesOf: () => textOf(BATCH) }),
  },
  {
    name: 'outputs',
    title: 'outputs of one input: an output',
    each: true,
    sizes: [1, 4, 16, 64],
    quick: [1, 4],
    batches: 10,
    open: outputs,
  },
  {
    name: 'inputs',
    title: 'inputs that share 1 MiB: a batch',
    sizes: [1, 4, 16, 64],
    quick: [1, 4],
    batches: 10,
    open: (inputs, threads) =>
      manyInputs({ threads, inputs, bytes: BATCH, define: (lines) => result(wordCount(lines)) }),
  },
  {
    name: 'window',
    title: 'batches of a window: a batch',
    sizes: [10, 40, 160, 640],
    quick: [2, 8],
    batches: 20,
    open: windows,
  },
  {
    name: 'batch-size',
    title: 'MiB of a word count: a MiB',
    each: true,
    sizes: [1, 4, 16, 64, 256],
    quick: [1, 2],
    batches: 1,
    open: (mebibytes, threads) =>
      textStream({ threads, define: (lines) => result(wordCount(lines)), bytesOf: () => textOf(mebibytes * 2 ** 20) }),
  },
]
