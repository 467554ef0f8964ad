import type { FileFormat } from '../format.js'
import { type CheckedCsvOptions, checkCsvOptions, checkCsvWriteOptions, READ_NAMES, WRITE_NAMES } from './options.js'
import { readCsv } from './read.js'
import { writeCsv } from './write.js'

/** Rows of fields, as RFC 4180 defines them. */
export const csv: FileFormat = {
  name: 'csv',
  compressible: true,
  readOptions: { names: READ_NAMES, check: checkCsvOptions },
  writeOptions: { names: WRITE_NAMES, check: checkCsvWriteOptions },
  splits: (options) => !(options as CheckedCsvOptions).multiLine,
  read: readCsv,
  write: writeCsv,
}
