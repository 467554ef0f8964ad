import type { FileFormat } from '../format.js'
import { checkSequenceOptions, checkSequenceWriteOptions, READ_NAMES, WRITE_NAMES } from './options.js'
import { readSequence } from './read.js'
import { writeSequence } from './write.js'

/** Hadoop's SequenceFiles: pairs of keys and values. */
export const sequence: FileFormat = {
  name: 'sequence',
  compressible: false,
  readOptions: { names: READ_NAMES, check: checkSequenceOptions },
  writeOptions: { names: WRITE_NAMES, check: checkSequenceWriteOptions },
  splits: () => true,
  read: readSequence,
  write: writeSequence,
}
