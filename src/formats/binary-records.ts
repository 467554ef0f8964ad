import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { RejectRecord } from './faults.js'
import type { FileFormat, FileSlice, Reading } from './format.js'
import { CHUNK } from './read-lines.js'

export interface BinaryOptions {
  /** Bytes of each record. */
  readonly recordLength: number
}

/** Bytes of the longest record. */
const LONGEST = 1 << 30

/** Records of a fixed number of bytes, one after the other. */
export const binaryRecords: FileFormat = {
  name: 'binary',
  compressible: true,
  readOptions: { names: ['recordLength'], check: checkBinaryOptions },
  splits: () => true,
  read: readRecords,
}

function checkBinaryOptions(given: object, label: string): BinaryOptions {
  const { recordLength } = given as BinaryOptions
  if (Number.isInteger(recordLength) && recordLength >= 1 && recordLength <= LONGEST) return { recordLength }
  throw new ArgumentError(
    `${label}: recordLength is ${describe(recordLength)}; it must be the bytes of a record, a whole number from 1 to ${LONGEST}.`,
    { recordLength },
  )
}

function* readRecords({ path, size, start, end }: FileSlice, options: object, reject: RejectRecord): Reading {
  const { recordLength: length } = options as BinaryOptions
  const last = Math.ceil(end / length) * length
  const most = Math.max(1, Math.floor(CHUNK / length)) * length
  for (let at = Math.ceil(start / length) * length; at < last && at < size; ) {
    const bytes: Buffer = yield { at, length: Math.min(most, last - at, size - at) }
    const records: unknown[] = []
    for (let i = 0; i < bytes.length; i += length) {
      if (i + length <= bytes.length) records.push(new Uint8Array(bytes.subarray(i, i + length)))
      else reject({ path, offset: at + i, why: `ends after ${bytes.length - i} of ${length} bytes` })
    }
    yield { records }
    at += bytes.length
  }
}
