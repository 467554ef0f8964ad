import type { ReadContext } from '../ops/source.js'

/**
 * Returns the records of messages. One that `decode` throws for is rejected, by the `onRecordError` of the source; dead letters have
 * it as `undecoded` returns it.
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
