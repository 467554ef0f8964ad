/*
 * A stream of Arrow is the message of its schema, a message for each record batch, and a mark of the end. A message
 * starts with FF FF FF FF and the length of its description, which fills it up to a multiple of 8. The schema has nothing
 * after its description.
 */
const PREFIX = 8
const END = 8

/** Joins streams with the same schema to one with all of their record batches, in order. */
export function joinStreams(streams: readonly [Uint8Array, ...Uint8Array[]]): Uint8Array {
  const [first] = streams
  const start = PREFIX + new DataView(first.buffer, first.byteOffset).getInt32(4, true)
  const batches = streams.map((stream) => stream.subarray(start, stream.length - END))
  return concatenated([first.subarray(0, start), ...batches, first.subarray(first.length - END)])
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
