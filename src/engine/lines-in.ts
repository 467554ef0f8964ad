const NEWLINES = 0x0a0a0a0a
const LOW = 0x7f7f7f7f
const NO_WORDS = new Int32Array()

/**
 * Counts the newlines in bytes, four at a time: text that receivers bring is counted in the driver, so that a batch knows its
 * records before it starts.
 */
export function linesIn(bytes: Uint8Array): number {
  let lines = 0
  let at = 0
  for (; at < bytes.length && (bytes.byteOffset + at) % 4 !== 0; at++) if (bytes[at] === 10) lines++
  const length = (bytes.length - at) >> 2
  const words = length === 0 ? NO_WORDS : new Int32Array(bytes.buffer, bytes.byteOffset + at, length)
  for (let i = 0; i < length; i++) {
    // Bytes that are newlines become 0; then their high bits alone are left.
    const zero = words[i]! ^ NEWLINES
    let found = ~(((zero & LOW) + LOW) | zero | LOW)
    for (; found !== 0; found &= found - 1) lines++
  }
  for (at += length * 4; at < bytes.length; at++) if (bytes[at] === 10) lines++
  return lines
}
