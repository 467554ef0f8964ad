import { ArgumentError, StateError } from '../../errors.js'
import { face, type RDD, type Rdd } from '../rdd/rdd.js'
import { type Duration, toMillis } from '../time.js'
import { StreamBuilder } from './builder.js'
import { Stream } from './dstream.js'

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * The RDDs of the batches from `from` to `to`, times in ms, both included and each rounded down to a time at which
     * this stream fires. Made on demand, also of batches that are still to come as far as their data is there; batches
     * without a dataset are left out. They can be used for as long as the stream keeps them, see `remember`.
     *
     * @throws StateError before start(), for times that are no longer kept, and for kept state of batches that are still
     * to come.
     *
     * ```ts
     * const words = ssc.queueStream([['a'], ['b', 'c']])
     * words.foreachRDD(async (_, time) => {
     *   for (const rdd of words.slice(time, time)) await rdd.count()
     * })
     * ```
     */
    slice(from: number, to: number): RDD<T>[]
  }
}
declare module './builder.js' {
  interface StreamBuilder {
    /**
     * Every stream keeps its RDDs for at least so long, for `slice`; else only as long as windows and state need them. Can
     * be set once: StateError.
     *
     * ```ts
     * ssc.remember('10s')
     * ```
     */
    remember(duration: Duration): void
  }
}

function made<T>(stream: Stream<T>, time: number): Rdd<T> | undefined {
  const { builder } = stream
  builder.peeking = time > builder.batchTime
  try {
    return stream.getOrCompute(time)
  } finally {
    builder.peeking = false
  }
}

Stream.prototype.slice = function <T>(this: Stream<T>, from: number, to: number): RDD<T>[] {
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    throw new ArgumentError(`slice(${from}, ${to}): give two times in milliseconds.`, { from, to })
  }
  const { builder, slideDuration } = this
  if (!builder.frozen) {
    throw new StateError(`slice(${from}, ${to}) before start(): times have no meaning until the first batch has one.`)
  }
  const firing = (time: number) =>
    time - ((((time - builder.zeroTime) % slideDuration) + slideDuration) % slideDuration)
  const rdds: RDD<T>[] = []
  // Zero time itself and what is before it have no batch.
  for (let time = Math.max(firing(from), builder.zeroTime + slideDuration); time <= to; time += slideDuration) {
    const rdd = made(this, time)
    if (rdd) rdds.push(face(rdd))
  }
  return rdds
}
StreamBuilder.prototype.remember = function (duration) {
  if (this.frozen)
    throw new StateError(`remember(${JSON.stringify(duration)}) after start(): call it while the graph is built.`)
  if (this.rememberAtLeast > 0) {
    throw new StateError(
      `remember(${JSON.stringify(duration)}): it is set already, to ${this.rememberAtLeast} ms, and can be set once.`,
      { given: duration, set: this.rememberAtLeast },
    )
  }
  this.rememberAtLeast = toMillis(duration, 'The duration to remember')
}
