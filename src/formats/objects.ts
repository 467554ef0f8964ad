import { ByteWriter } from '../pool/blocks/byte-writer.js'
import { openObjects, sealObjects } from '../pool/blocks/object-file.js'
import { decodeRecords, encodeRecords } from '../pool/blocks/records-codec.js'
import { type FileFormat, NO_OPTIONS } from './format.js'

/** Records as blocks hold them, with a checksum. */
export const objects: FileFormat = {
  name: 'objects',
  compressible: false,
  readOptions: NO_OPTIONS,
  writeOptions: NO_OPTIONS,
  splits: () => false,
  *read({ path, size }) {
    const bytes = size === 0 ? Buffer.alloc(0) : yield { at: 0, length: size }
    yield { records: decodeRecords(openObjects(bytes, path)) }
  },
  write: (records) => {
    const bytes = new ByteWriter()
    encodeRecords(bytes, records)
    return { ending: '', bytes: [sealObjects(bytes.bytes())] }
  },
}
