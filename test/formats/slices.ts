import { rejectInto } from '#build/formats/faults.js'
import type { EncodedFile, FileSlice } from '#build/formats/format.js'
import { formatOf } from '#build/formats/registry.js'

/** Reads a slice of bytes with a format: its records, and with `keepBad` those that it rejects after them. */
export function slice(
  format: string,
  bytes: Buffer,
  given: object = {},
  [start, end]: readonly [number, number] = [0, bytes.length],
  keepBad = false,
): unknown[] {
  const { read, readOptions } = formatOf(format)
  const of: FileSlice = { path: 'x', size: bytes.length, start, end }
  const records: unknown[] = []
  const bad: unknown[] = []
  const reject = (record: unknown, error: unknown) => {
    if (!keepBad) throw error
    bad.push(record)
  }
  const reading = read!(of, readOptions.check(given, 'test'), rejectInto({ reject }))
  for (let step = reading.next(); !step.done; ) {
    const { value } = step
    if ('records' in value) {
      for (const record of value.records) records.push(record)
      step = reading.next()
    } else {
      if (value.at + value.length > bytes.length || value.length <= 0)
        throw new Error(`A request for ${value.length} bytes at ${value.at} of ${bytes.length}.`)
      // A copy, as files give.
      step = reading.next(Buffer.from(bytes.subarray(value.at, value.at + value.length)))
    }
  }
  return [...records, ...bad]
}

/** The bytes of a file with these records. */
export function encode(format: string, records: readonly unknown[], given: object = {}): Buffer {
  const { write, writeOptions } = formatOf(format)
  const { bytes }: EncodedFile = write!(records, writeOptions!.check(given, 'test'))
  return Buffer.concat([...bytes])
}

/** Reads bytes in two slices, cut at each place in turn. */
export function* halves(format: string, bytes: Buffer, given: object = {}): Generator<unknown[]> {
  for (let cut = 0; cut <= bytes.length; cut++) {
    yield [...slice(format, bytes, given, [0, cut]), ...slice(format, bytes, given, [cut, bytes.length])]
  }
}
