/** Returns the bytes of a column, in place. */
export function bytesOf({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Returns the whole numbers of bytes that begin at a multiple of four, in place. */
export function intsOf({ buffer, byteOffset, length }: Buffer): Int32Array<ArrayBuffer> {
  return new Int32Array(buffer as ArrayBuffer, byteOffset, length / 4)
}
