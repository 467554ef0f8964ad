import { crc32 } from 'node:zlib'

/**
 * A record in a log file: a frame, a head of JSON that says what the record is, and a body of bytes.
 *
 * ```
 * | u32 length of head | u32 length of body | u32 CRC-32 of body | u32 CRC-32 of the fields before and of the head | head | body |
 * ```
 *
 * So the lengths can be trusted before anything is read by them, and a body that is damaged does not hide the records after it.
 */
export const FRAME_BYTES = 16

/** Bytes of a head. Longer ones are refused when they are read: their length is no proof of memory for them. */
export const MAX_HEAD_BYTES = 64 * 1024 * 1024

export interface Frame {
  readonly headLength: number
  readonly bodyLength: number
  readonly bodyCrc: number
}

/** The body of a record. The writer knows its checksum already. */
export interface Body {
  readonly bytes: Uint8Array
  readonly crc: number
}

export const NO_BODY: Body = { bytes: new Uint8Array(), crc: 0 }

/** Returns frame and head; the body follows them. @throws RangeError if the head is too long. */
export function encodeHead(head: object, { bytes, crc }: Body): Buffer {
  const text = JSON.stringify(head)
  const length = Buffer.byteLength(text)
  if (length > MAX_HEAD_BYTES) throw new RangeError(`a head of ${length} bytes exceeds ${MAX_HEAD_BYTES}`)
  const encoded = Buffer.allocUnsafe(FRAME_BYTES + length)
  encoded.writeUInt32LE(length, 0)
  encoded.writeUInt32LE(bytes.length, 4)
  encoded.writeUInt32LE(crc, 8)
  encoded.write(text, FRAME_BYTES)
  encoded.writeUInt32LE(headCrc(encoded, encoded.subarray(FRAME_BYTES)), 12)
  return encoded
}

/** Returns the lengths in a frame; undefined if no record can have them. They are proved by `decodeHead` only. */
export function decodeFrame(frame: Buffer): Frame | undefined {
  const headLength = frame.readUInt32LE(0)
  if (headLength > MAX_HEAD_BYTES) return undefined
  return { headLength, bodyLength: frame.readUInt32LE(4), bodyCrc: frame.readUInt32LE(8) }
}

/** Returns the head; undefined if it is not the one of the frame. */
export function decodeHead(frame: Buffer, head: Buffer): unknown {
  if (frame.readUInt32LE(12) !== headCrc(frame, head)) return undefined
  return JSON.parse(head.toString())
}

function headCrc(frame: Buffer, head: Buffer): number {
  return crc32(head, crc32(frame.subarray(0, 12)))
}
