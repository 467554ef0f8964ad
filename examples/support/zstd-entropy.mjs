// The two entropy coders of Zstandard (RFC 8878, section 4): finite-state entropy tables and Huffman tables.

/** @param {number} value above 0 @returns {number} index of its highest set bit */
const highBit = (value) => 31 - Math.clz32(value)

/**
 * A bit stream read from its last byte towards its first. The highest set bit of the last byte is a mark, not data.
 * `pos` counts the unread bits; it goes below zero when a coder reads past the start, which yields zero bits and is
 * how some of the streams say that they end.
 */
export class BackwardBits {
  #bytes
  #start

  constructor(bytes, start, end) {
    const last = bytes[end - 1]
    if (end <= start || last === 0) throw new Error('The Zstandard data is damaged: a bit stream has no end mark.')
    this.#bytes = bytes
    this.#start = start
    this.pos = (end - 1 - start) * 8 + highBit(last)
  }

  /** @param {number} count 0 to 24 @returns {number} the next bits, without taking them; bits past the start are 0 */
  peek(count) {
    const from = this.pos - count
    if (from < 0) return this.pos <= 0 ? 0 : (this.#word(0) & ((1 << this.pos) - 1)) << -from
    return (this.#word(from) >>> (from & 7)) & ((1 << count) - 1)
  }

  /** @param {number} count 0 to 31 @returns {number} */
  read(count) {
    if (count > 16) {
      const high = this.read(count - 16)
      return high * 65536 + this.read(16)
    }
    const value = this.peek(count)
    this.pos -= count
    return value
  }

  #word(bit) {
    const at = this.#start + (bit >> 3)
    const bytes = this.#bytes
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
  }
}

/** A table of `1 << log` states: the symbol of a state, and `base` plus the next `bits` bits as the state after it. */
export function fseTable(frequencies, log) {
  const size = 1 << log
  const symbols = new Uint8Array(size)
  const bits = new Uint8Array(size)
  const base = new Uint16Array(size)
  const next = frequencies.map((frequency) => Math.abs(frequency))
  // Symbols less probable than one state (-1) take single states at the top.
  let high = size
  for (let s = 0; s < frequencies.length; s++) if (frequencies[s] === -1) symbols[--high] = s
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  for (let s = 0; s < frequencies.length; s++) {
    for (let i = 0; i < frequencies[s]; i++) {
      symbols[at] = s
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  }
  for (let state = 0; state < size; state++) {
    const rank = next[symbols[state]]++
    bits[state] = log - highBit(rank)
    base[state] = (rank << bits[state]) - size
  }
  return { log, symbols, bits, base }
}

/** A table that always gives the same symbol and takes no bits. */
export const rleTable = (symbol) => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  base: Uint16Array.of(0),
})

/** Reads a table's description at `offset`. @returns {{ table, end: number }} */
export function readFseTable(bytes, offset, maxLog) {
  let bit = offset * 8
  const take = (count) => {
    const at = bit >> 3
    const value = ((bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)) >>> (bit & 7)) & ((1 << count) - 1)
    bit += count
    return value
  }
  const log = take(4) + 5
  if (log > maxLog)
    throw new Error(`The Zstandard data is damaged: a table of ${log} bits, at most ${maxLog} are allowed.`)
  const frequencies = []
  for (let remaining = 1 << log; remaining > 0; ) {
    // A value between 0 and remaining + 1; the smaller ones are written with one bit less.
    const count = highBit(remaining + 1) + 1
    const low = (1 << (count - 1)) - 1
    const threshold = (1 << count) - 2 - remaining
    let value = take(count)
    if ((value & low) < threshold) {
      bit--
      value &= low
    } else if (value > low) value -= threshold
    frequencies.push(value - 1)
    remaining -= Math.abs(value - 1)
    if (value !== 1) continue
    for (let repeat = 3; repeat === 3; ) {
      repeat = take(2)
      for (let i = 0; i < repeat; i++) frequencies.push(0)
    }
  }
  return { table: fseTable(frequencies, log), end: (bit + 7) >> 3 }
}

/** Reads a Huffman tree's description at `offset`. @returns {{ tree, end: number }} */
export function readHuffmanTree(bytes, offset) {
  const header = bytes[offset]
  const weights = []
  let end = offset + 1
  if (header >= 128) {
    for (let i = 0; i < header - 127; i++) weights.push(i & 1 ? bytes[end + (i >> 1)] & 15 : bytes[end + (i >> 1)] >> 4)
    end += (header - 126) >> 1
  } else {
    const { table, end: start } = readFseTable(bytes, end, 6)
    end += header
    const stream = new BackwardBits(bytes, start, end)
    // Two states take turns; when one has read past the start, the other holds the last weight.
    let here = stream.read(table.log)
    let other = stream.read(table.log)
    while (stream.pos >= 0) {
      weights.push(table.symbols[here])
      const next = table.base[here] + stream.read(table.bits[here])
      here = other
      other = next
    }
    weights.push(table.symbols[here])
  }
  return { tree: huffmanTree(weights), end }
}

function huffmanTree(weights) {
  let sum = 0
  for (const weight of weights) if (weight > 0) sum += 1 << (weight - 1)
  const maxBits = highBit(sum) + 1
  // The last weight is not written: it fills the sum up to a power of two.
  const all = [...weights, highBit((1 << maxBits) - sum) + 1]
  const symbols = new Uint8Array(1 << maxBits)
  const bits = new Uint8Array(1 << maxBits)
  let at = 0
  for (let weight = 1; weight <= maxBits; weight++) {
    for (let s = 0; s < all.length; s++) {
      if (all[s] !== weight) continue
      symbols.fill(s, at, at + (1 << (weight - 1)))
      bits.fill(maxBits + 1 - weight, at, at + (1 << (weight - 1)))
      at += 1 << (weight - 1)
    }
  }
  return { maxBits, symbols, bits }
}

/** Decodes `bytes[start, end)` into `out[from, to)`. */
export function huffmanDecode(tree, bytes, start, end, out, from, to) {
  const stream = new BackwardBits(bytes, start, end)
  const { maxBits, symbols, bits } = tree
  for (let i = from; i < to; i++) {
    const code = stream.peek(maxBits)
    out[i] = symbols[code]
    stream.pos -= bits[code]
  }
  if (stream.pos !== 0) throw new Error('The Zstandard data is damaged: a Huffman stream does not end where it should.')
}
