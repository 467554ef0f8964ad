import type { BaseRdd, BaseStream } from 'millrace'
import type { Stream } from '#build/ops/dstream/dstream.js'
import type { Rdd } from '#build/ops/rdd/rdd.js'

/** The node behind a dataset of the built library, whose classes are not those of `build/`. */
export function nodeOf(rdd: BaseRdd<unknown>): Rdd<unknown> {
  return (rdd.constructor as unknown as { nodeOf(rdd: unknown): Rdd<unknown> }).nodeOf(rdd)
}

/** The node behind a stream. */
export function streamNode(stream: BaseStream<unknown>): Stream<unknown> {
  return (stream.constructor as unknown as { nodeOf(stream: unknown): Stream<unknown> }).nodeOf(stream)
}
