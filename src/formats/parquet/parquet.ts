import type { FileFormat } from '../format.js'
import { checkParquetOptions, checkParquetWriteOptions, READ_NAMES, WRITE_NAMES } from './options.js'
import { readParquet } from './read.js'
import { loadWriter, writeParquet } from './write.js'

/** Columns in row groups. The packages hyparquet and hyparquet-writer read and write them. */
export const parquet: FileFormat = {
  name: 'parquet',
  compressible: false,
  readOptions: { names: READ_NAMES, check: checkParquetOptions },
  writeOptions: { names: WRITE_NAMES, check: checkParquetWriteOptions },
  splits: () => true,
  readWith: readParquet,
  load: loadWriter,
  write: writeParquet,
}
