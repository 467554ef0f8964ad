import { constants } from 'node:buffer'
import { SourceError } from '../errors.js'
import { checkStart } from '../files/text-form.js'
import { type FileFormat, type FileSlice, NO_OPTIONS, type Reading } from './format.js'

/** Bytes of the largest file that becomes one record. The longest string is 24 bytes shorter than 512 MiB. */
const LARGEST = Math.min(512 * 1024 * 1024, constants.MAX_STRING_LENGTH)

/** Each file is one record: `[path, text]`. */
export const wholeText: FileFormat = whole('wholeText', (bytes, path) =>
  bytes.toString('utf8', checkStart(bytes, path)),
)

/** Each file is one record: `[path, bytes]`. */
export const wholeBytes: FileFormat = whole('wholeBytes', (bytes) => new Uint8Array(bytes))

function whole(name: string, content: (bytes: Buffer, path: string) => unknown): FileFormat {
  return {
    name,
    compressible: name === 'wholeText',
    readOptions: NO_OPTIONS,
    splits: () => false,
    *read({ path, size }: FileSlice): Reading {
      if (size > LARGEST) {
        throw new SourceError(
          `The file ${path} has ${size} bytes; the limit of one record is ${LARGEST} bytes. Read the file as many records, with textFile or binaryRecords.`,
          { details: { path, size, limit: LARGEST } },
        )
      }
      const bytes = size === 0 ? Buffer.alloc(0) : yield { at: 0, length: size }
      yield { records: [[path, content(bytes, path)]] }
    },
  }
}
