/** Bytes per step. Each byte of a step has a table of its own. */
const STEP = 16
const ENTRIES = 256
/** In one array: sixteen ones need more registers than the loop has. */
const TABLES = makeTables()

function makeTables(): Int32Array {
  const tables = new Int32Array(STEP * ENTRIES)
  for (let n = 0; n < ENTRIES; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
    tables[n] = c
  }
  for (let n = ENTRIES; n < tables.length; n++) {
    const before = tables[n - ENTRIES]!
    tables[n] = (before >>> 8) ^ tables[before & 255]!
  }
  return tables
}

/** Returns the CRC-32C (Castagnoli) of the bytes from `start` to the end. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const t = TABLES
  const { buffer, byteOffset, length } = bytes
  // Words of an Int32Array begin at multiples of four bytes.
  const aligned = Math.min(length, start + (-(byteOffset + start) & 3))
  const words = new Int32Array(buffer, aligned < length ? byteOffset + aligned : 0, ((length - aligned) >> 4) * 4)
  let crc = byByte(-1, bytes, start, aligned)
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ words[i]!
    const b = words[i + 1]!
    const c = words[i + 2]!
    const d = words[i + 3]!
    crc =
      t[3840 + (a & 255)]! ^
      t[3584 + ((a >>> 8) & 255)]! ^
      t[3328 + ((a >>> 16) & 255)]! ^
      t[3072 + (a >>> 24)]! ^
      t[2816 + (b & 255)]! ^
      t[2560 + ((b >>> 8) & 255)]! ^
      t[2304 + ((b >>> 16) & 255)]! ^
      t[2048 + (b >>> 24)]! ^
      t[1792 + (c & 255)]! ^
      t[1536 + ((c >>> 8) & 255)]! ^
      t[1280 + ((c >>> 16) & 255)]! ^
      t[1024 + (c >>> 24)]! ^
      t[768 + (d & 255)]! ^
      t[512 + ((d >>> 8) & 255)]! ^
      t[256 + ((d >>> 16) & 255)]! ^
      t[d >>> 24]!
  }
  return ~byByte(crc, bytes, aligned + words.byteLength, length) >>> 0
}

function byByte(from: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = from
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[i]!) & 255]!
  return crc
}
