import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { facade, type RDD } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import { type Duration, toMillis } from '../time.js'
import { graphOf, StreamBuilder } from './builder.js'
import type { Stream } from './dstream.js'
import { dstreams, streamNode } from './facade.js'

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Returns the datasets of the batches from `from` to `to`, times in ms, both included and each rounded down to a
     * time at which this stream fires. Runs no job: datasets are created on demand, for future batches too if their
     * data is complete. Omits batches without a dataset. The datasets are valid as long as the stream remembers them:
     * see `remember`.
     *
     * ```ts
     * const words = ssc.queueStream([['a'], ['b', 'c']])
     * words.foreachRDD(async (_, time) => {
     *   for (const rdd of words.slice(time, time)) await rdd.count()
     * })
     * ```
     *
     * @throws StateError before start(), for forgotten times, and for the state of future batches; ArgumentError unless
     *   both times are numbers.
     */
    slice(from: number, to: number): RDD<T>[]
  }
}
declare module './builder.js' {
  interface StreamBuilder {
    /**
     * Makes every stream remember its datasets for at least `duration`, for `slice`. By default streams remember them
     * as long as windows and state need them, and received data of a past batch is freed when all that windows need of
     * it is persisted. Runs no job.
     *
     * ```ts
     * ssc.remember('10s')
     * ```
     *
     * @throws StateError after start() or on a second call; ArgumentError unless `duration` is a duration.
     */
    remember(duration: Duration): void
  }
}

function rddAt<T>(stream: Stream<T>, time: number): Rdd<T> | undefined {
  const { graph } = stream
  graph.peeking = time > graph.batchTime
  try {
    return stream.getOrCompute(time)
  } finally {
    graph.peeking = false
  }
}

dstreams.slice = function <T>(from: number, to: number): RDD<T>[] {
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    throw new ArgumentError(
      `slice(${describe(from)}, ${describe(to)}): the limits must be two times in milliseconds.`,
      { from, to },
    )
  }
  const stream = streamNode<T>(this)
  const { graph, slideDuration } = stream
  if (!graph.frozen) {
    throw new StateError(
      `slice(${describe(from)}, ${describe(to)}) before start(): there is no batch yet. Call it after start().`,
    )
  }
  const firing = (time: number) => time - ((((time - graph.zeroTime) % slideDuration) + slideDuration) % slideDuration)
  const found: RDD<T>[] = []
  // No batch exists at zero time or earlier.
  for (let time = Math.max(firing(from), graph.zeroTime + slideDuration); time <= to; time += slideDuration) {
    const rdd = rddAt(stream, time)
    if (rdd) found.push(facade(rdd))
  }
  return found
}
StreamBuilder.prototype.remember = function (duration) {
  const graph = graphOf(this)
  if (graph.frozen)
    throw new StateError(`remember(${describe(duration)}) after start(): call it while the graph is built.`)
  if (graph.rememberAtLeast > 0) {
    throw new StateError(
      `remember(${describe(duration)}): the duration is ${graph.rememberAtLeast} ms and can be set once.`,
      { given: duration, set: graph.rememberAtLeast },
    )
  }
  graph.rememberAtLeast = toMillis(duration, 'The duration to remember')
}
