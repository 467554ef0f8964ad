import { crc32 } from 'node:zlib'
import { BlockCorruptError } from '../../errors.js'

/*
 * A file of records: 8 bytes of magic with the version, the CRC-32 of the bytes after the header (little-endian), 4
 * zeros, then the records as in a block (records-codec.ts). So the records begin at a multiple of 8.
 */
const MAGIC = Buffer.from('MLRCOBJ1')
const HEADER = 16

export function sealObjects(payload: Uint8Array): Buffer {
  const file = Buffer.alloc(HEADER + payload.length)
  MAGIC.copy(file)
  file.writeUInt32LE(crc32(payload), MAGIC.length)
  file.set(payload, HEADER)
  return file
}

/** Returns the records' bytes. Throws BlockCorruptError if the file is of another kind, truncated or changed. */
export function openObjects(file: Buffer, path: string): Buffer {
  const payload = file.subarray(HEADER)
  if (file.length < HEADER || !file.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BlockCorruptError(`'${path}' is not a file of saveAsObjectFile of this version.`, { path })
  }
  if (crc32(payload) !== file.readUInt32LE(MAGIC.length)) {
    throw new BlockCorruptError(`'${path}' is damaged: its checksum does not match its bytes. Write it again.`, {
      path,
    })
  }
  return payload
}
