import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '../../pool/blocks/records-codec.js'

const scratch = new ByteWriter()

/**
 * Records in the form that blocks have, so that they come out of it exactly as they would come out of a batch. The bytes
 * have a buffer of their own: transfer it, and they are not copied again.
 */
export function packRecords(records: readonly unknown[]): Uint8Array<ArrayBuffer> {
  scratch.reset()
  encodeRecords(scratch, records)
  return new Uint8Array(scratch.bytes())
}

export function unpackRecords(bytes: Uint8Array): unknown[] {
  return decodeRecords(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
