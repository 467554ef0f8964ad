// Zstandard for the flights' Parquet file: Node's own decoder where it has one (22.15 and later), otherwise the one
// below. Dictionaries are not supported, and checksums are skipped: Parquet pages have neither.
import zlib from 'node:zlib'
import { BackwardBits, fseTable, huffmanDecode, readFseTable, readHuffmanTree, rleTable } from './zstd-entropy.mjs'

/**
 * @param {Uint8Array} bytes one or more frames
 * @param {number} size of the decompressed data in bytes, known from outside
 * @returns {Uint8Array}
 */
export function zstdDecompress(bytes, size) {
  return zlib.zstdDecompressSync
    ? zlib.zstdDecompressSync(bytes, { maxOutputLength: Math.max(size, 1) })
    : decodeZstd(bytes, size)
}

const MAGIC = 0xfd2fb528
const ones = (count) => new Array(count).fill(1)
const twos = (count) => new Array(count).fill(2)
const rare = (count) => new Array(count).fill(-1)

// Literal lengths, offsets, match lengths: the default table, and for each code its base value and its extra bits.
const KINDS = [
  {
    maxLog: 9,
    table: fseTable([4, 3, ...twos(11), 1, 1, 1, ...twos(9), 3, 2, ...ones(5), ...rare(4)], 6),
    base: [
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48],
      ...[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
    ],
    extra: [...new Array(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  },
  { maxLog: 8, table: fseTable([...ones(6), 2, 2, 2, ...ones(15), ...rare(5)], 5) },
  {
    maxLog: 9,
    table: fseTable([1, 4, 3, ...twos(6), ...ones(37), ...rare(7)], 6),
    base: [
      ...Array.from({ length: 32 }, (_, code) => code + 3),
      ...[35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539],
    ],
    extra: [...new Array(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  },
]

/** The decoder in JavaScript: about 60 MB of output a second. Throws an `Error` that says what is damaged. */
export function decodeZstd(bytes, size) {
  const out = new Uint8Array(size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let to = 0
  for (let at = 0; at < bytes.length; ) {
    const magic = view.getUint32(at, true)
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + view.getUint32(at + 4, true)
      continue
    }
    if (magic !== MAGIC) throw new Error(`Not Zstandard data: the frame starts with 0x${magic.toString(16)}.`)
    const flags = bytes[at + 4]
    if (flags & 3) throw new Error('Zstandard data with a dictionary is not supported.')
    const single = flags & 32 ? 1 : 0
    at += 5 + (1 - single) + [single, 2, 4, 8][flags >> 6]
    const frame = { tree: undefined, tables: [], repeats: [1, 4, 8] }
    for (let last = false; !last; ) {
      const header = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
      const length = header >> 3
      last = (header & 1) === 1
      at += 3
      const type = (header >> 1) & 3
      if (at + (type === 1 ? 1 : length) > bytes.length)
        throw new Error('The Zstandard data is cut off inside a block.')
      if (type === 1) {
        out.fill(bytes[at++], to, to + length)
        to += length
        continue
      }
      if (type === 0) {
        out.set(bytes.subarray(at, at + length), to)
        to += length
      } else if (type === 2) to = decodeBlock(frame, bytes, at, at + length, out, to)
      else throw new Error('The Zstandard data is damaged: a block of a reserved type.')
      at += length
    }
    if (flags & 4) at += 4
  }
  if (to !== size) throw new Error(`The Zstandard data gave ${to} bytes, ${size} were expected.`)
  return out
}

function decodeBlock(frame, bytes, start, end, out, to) {
  const { literals, next } = readLiterals(frame, bytes, start)
  let at = next
  let count = bytes[at++]
  if (count === 255) {
    count = bytes[at] + (bytes[at + 1] << 8) + 0x7f00
    at += 2
  } else if (count >= 128) count = ((count - 128) << 8) + bytes[at++]
  if (count === 0) {
    out.set(literals, to)
    return to + literals.length
  }
  const modes = bytes[at++]
  for (let kind = 0; kind < 3; kind++) {
    const mode = (modes >> (6 - 2 * kind)) & 3
    if (mode === 0) frame.tables[kind] = KINDS[kind].table
    else if (mode === 1) frame.tables[kind] = rleTable(bytes[at++])
    else if (mode === 2) {
      const read = readFseTable(bytes, at, KINDS[kind].maxLog)
      frame.tables[kind] = read.table
      at = read.end
    }
  }
  return runSequences(frame, count, new BackwardBits(bytes, at, end), literals, out, to)
}

function readLiterals(frame, bytes, at) {
  const type = bytes[at] & 3
  const format = (bytes[at] >> 2) & 3
  if (type < 2) {
    const width = format === 1 ? 2 : format === 3 ? 3 : 1
    const size =
      width === 1 ? bytes[at] >> 3 : (bytes[at] >> 4) | (bytes[at + 1] << 4) | (width === 3 ? bytes[at + 2] << 12 : 0)
    const from = at + width
    if (type === 0) return { literals: bytes.subarray(from, from + size), next: from + size }
    return { literals: new Uint8Array(size).fill(bytes[from]), next: from + 1 }
  }
  const width = format < 2 ? 10 : format === 2 ? 14 : 18
  const headerSize = format < 2 ? 3 : format + 2
  let header = 0
  for (let i = headerSize - 1; i >= 0; i--) header = header * 256 + bytes[at + i]
  const size = Math.floor(header / 16) % (1 << width)
  const compressed = Math.floor(header / (16 * 2 ** width))
  let from = at + headerSize
  const next = from + compressed
  if (type === 2) {
    const read = readHuffmanTree(bytes, from)
    frame.tree = read.tree
    from = read.end
  }
  const literals = new Uint8Array(size)
  if (format === 0) {
    huffmanDecode(frame.tree, bytes, from, next, literals, 0, size)
    return { literals, next }
  }
  // Four streams of equal output size; a jump table gives the compressed sizes of the first three.
  const quarter = (size + 3) >> 2
  let stream = from + 6
  for (let i = 0; i < 4; i++) {
    const stop = i === 3 ? next : stream + bytes[from + 2 * i] + (bytes[from + 2 * i + 1] << 8)
    huffmanDecode(frame.tree, bytes, stream, stop, literals, i * quarter, i === 3 ? size : (i + 1) * quarter)
    stream = stop
  }
  return { literals, next }
}

function runSequences(frame, count, stream, literals, out, to) {
  const [lengths, offsets, matches] = frame.tables
  const [literal, , match] = KINDS
  let lengthState = stream.read(lengths.log)
  let offsetState = stream.read(offsets.log)
  let matchState = stream.read(matches.log)
  let taken = 0
  for (let i = 0; i < count; i++) {
    const offsetCode = offsets.symbols[offsetState]
    const matchCode = matches.symbols[matchState]
    const lengthCode = lengths.symbols[lengthState]
    const value = 2 ** offsetCode + stream.read(offsetCode)
    const matched = match.base[matchCode] + stream.read(match.extra[matchCode])
    const copied = literal.base[lengthCode] + stream.read(literal.extra[lengthCode])
    if (i + 1 < count) {
      lengthState = lengths.base[lengthState] + stream.read(lengths.bits[lengthState])
      matchState = matches.base[matchState] + stream.read(matches.bits[matchState])
      offsetState = offsets.base[offsetState] + stream.read(offsets.bits[offsetState])
    }
    const offset = resolveOffset(frame.repeats, value, copied)
    for (let n = 0; n < copied; n++) out[to++] = literals[taken++]
    if (offset > to) throw new Error('The Zstandard data is damaged: a match lies before the start.')
    // Byte by byte: a match may overlap what it writes.
    for (let from = to - offset, stop = to + matched; to < stop; ) out[to++] = out[from++]
  }
  out.set(literals.subarray(taken), to)
  return to + literals.length - taken
}

/** Values 1 to 3 name one of the last three offsets; without literals they mean the next one, 3 the first less one. */
function resolveOffset(repeats, value, copied) {
  if (value > 3) {
    repeats[2] = repeats[1]
    repeats[1] = repeats[0]
    repeats[0] = value - 3
    return repeats[0]
  }
  const index = copied === 0 ? value : value - 1
  if (index === 0) return repeats[0]
  const offset = index === 3 ? repeats[0] - 1 : repeats[index]
  if (index > 1) repeats[2] = repeats[1]
  repeats[1] = repeats[0]
  repeats[0] = offset
  return offset
}
