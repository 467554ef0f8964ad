import { textStep } from '../rdd/kernel-notes.js'
import type { StreamNode } from './node.js'

/**
 * How to get the note of each stream, or null for none. It is decided by the first batch with data and does not change: of
 * an empty batch nothing is known, and the batch whose status is taken may be one.
 */
const steps = new WeakMap<StreamNode, (() => string) | null>()

/** Decides about streams from their datasets of a batch. Cost: a walk over the steps of streams without a decision. */
export function noteTextSteps(streams: readonly StreamNode[], time: number): void {
  for (const stream of streams) {
    if (steps.has(stream) || !stream.remembered().includes(time)) continue
    const dataset = stream.getOrCompute(time)
    const step = dataset && textStep(dataset)
    if (step !== undefined) steps.set(stream, step)
  }
}

/**
 * Returns, for streams whose step runs over lines of text, whether kernels know its function, or why it runs as a function.
 * Streams before their first batch with data, and other streams, have no note.
 */
export function kernelNotesOf(streams: readonly StreamNode[]): ReadonlyMap<StreamNode, string> {
  return new Map(
    streams.flatMap((stream) => {
      const note = steps.get(stream)?.()
      return note ? [[stream, note]] : []
    }),
  )
}
