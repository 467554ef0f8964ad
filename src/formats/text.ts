import { DataError } from '../errors.js'
import { describe } from '../values/describe.js'
import { toLine } from '../values/json.js'
import { COMPRESSION, compressed, type TextCompression, textOf } from './compressed-text.js'
import { type FileFormat, NO_OPTIONS } from './format.js'

export interface TextWriteOptions {
  /** Compresses each file ('none'): 'gzip' names it `part-00000.gz`. */
  readonly compression?: TextCompression
}

/** One record per line. Reads are elsewhere: as bytes for kernels, which are decoded only if a function needs texts. */
export const text: FileFormat = lines('text', toLine)

/** The layout of Hadoop's TextOutputFormat: key, tab, value. One of them alone if the other is null. */
export const hadoopText: FileFormat = lines('hadoopText', (record) => {
  if (!Array.isArray(record) || record.length !== 2)
    throw new DataError(`A record of saveAsHadoopFile is ${describe(record)}; it must be a pair [key, value].`)
  return (record as unknown[])
    .filter((part) => part !== null && part !== undefined)
    .map(toLine)
    .join('\t')
})

function lines(name: string, lineOf: (record: unknown) => string): FileFormat {
  return {
    name,
    compressible: true,
    readOptions: NO_OPTIONS,
    writeOptions: COMPRESSION,
    splits: () => true,
    write: (records, options) =>
      compressed('', (options as Required<TextWriteOptions>).compression, textOf(records, lineOf)),
  }
}
