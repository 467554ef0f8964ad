import type { ReadContext } from '../ops/source.js'

/**
 * Decodes messages. If `decode` throws for a message, the source's `onRecordError` decides what happens to it, and a
 * dead letter
 * stores what `undecoded` returns.
 */
export function decodedBy<M>(
  { reject }: Pick<ReadContext, 'reject'>,
  messages: readonly M[],
  decode: (message: M) => unknown,
  undecoded: (message: M) => unknown,
): unknown[] {
  const records: unknown[] = []
  for (const message of messages) {
    let record: unknown
    try {
      record = decode(message)
    } catch (error) {
      reject(undecoded(message), error)
      continue
    }
    records.push(record)
  }
  return records
}
