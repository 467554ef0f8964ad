import { compressionOf } from '../files/compression.js'
import { checkOnRecordError, type OnRecordError } from '../ops/on-record-error.js'
import type { FileReading } from '../ops/source.js'
import { PACKAGE_ROOT } from '../package-root.js'
import type { FormatRef } from './format.js'
import { formatOf } from './registry.js'

/** Returns how workers read files of a format, with its options among `given`. Throws ArgumentError for their values. */
export function readingOf(name: string, given: object, label: string, onRecordError?: OnRecordError): FileReading {
  const format = formatOf(name)
  const options: FormatRef = { format: name, options: format.readOptions.check(given, label) }
  return {
    reader: {
      module: new URL('formats/reader.js', PACKAGE_ROOT).href,
      export: 'formatReader',
      options,
      onRecordError: checkOnRecordError(label, onRecordError),
    },
    splits: (path) => format.splits(options.options) && !(format.compressible && compressionOf(path)),
  }
}
