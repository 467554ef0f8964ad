import { kernelNote } from '../rdd/kernel-notes.js'
import type { StreamNode } from './node.js'

/** The notes do not change: an empty batch, of whose text nothing is known, does not replace them. */
const notes = new WeakMap<StreamNode, string>()

/** Returns the notes of streams that have one. */
export function kernelNotesOf(streams: readonly StreamNode[]): ReadonlyMap<StreamNode, string> {
  return new Map(
    streams.flatMap((stream) => {
      const note = noteOf(stream)
      return note === undefined ? [] : [[stream, note]]
    }),
  )
}

/**
 * Returns whether kernels know the function of a stream's step over lines of text, or why it runs as a function; undefined
 * before its first batch with data, and for other streams.
 */
function noteOf(stream: StreamNode): string | undefined {
  const noted = notes.get(stream)
  if (noted !== undefined) return noted
  const newest = stream.remembered().at(-1)
  const dataset = newest === undefined ? undefined : stream.getOrCompute(newest)
  const note = dataset ? kernelNote(dataset) : ''
  if (note === '') return undefined
  notes.set(stream, note)
  return note
}
