import { compressionOf } from '../files/compression.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import type { OnRecordError } from '../ops/on-record-error.js'
import type { FileReading } from '../ops/source.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { passRecord } from './faults.js'
import type { FormatReaderOptions } from './reader.js'
import { formatOf } from './registry.js'

defineBuiltin('passRecord', () => passRecord)

/** Returns how workers read files of a format, with its options among `given`. Throws ArgumentError for their values. */
export function readingOf(name: string, given: object, label: string, onRecordError?: OnRecordError): FileReading {
  const format = formatOf(name)
  const options = format.readOptions.check(given, label)
  const readerOptions: FormatReaderOptions = { format: name, options, keepBad: (onRecordError ?? 'fail') !== 'fail' }
  return {
    reader: { module: new URL('formats/reader.js', PACKAGE_ROOT).href, export: 'formatReader', options: readerOptions },
    splits: (path) => format.splits(options) && !(format.compressible && compressionOf(path)),
  }
}

/** Returns the step after the reader that rejects bad records. */
export function rejectBad(): <T>(record: T) => T {
  return builtin('passRecord')
}
