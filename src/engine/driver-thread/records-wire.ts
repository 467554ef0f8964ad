import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '../../pool/blocks/records-codec.js'

const scratch = new ByteWriter()

/**
 * Encodes records as blocks do, so that the receiver gets exactly the values that a batch would. The bytes have their
 * own buffer; transfer it to save a copy.
 */
export function packRecords(records: readonly unknown[]): Uint8Array<ArrayBuffer> {
  scratch.reset()
  encodeRecords(scratch, records)
  return new Uint8Array(scratch.bytes())
}

export function unpackRecords(bytes: Uint8Array): unknown[] {
  return decodeRecords(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
