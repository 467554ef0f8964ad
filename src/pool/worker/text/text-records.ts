import type { Latin1Texts } from '../../blocks/string-column.js'

/** Bytes decoded at once. A piece of this size stays in the processor's cache. */
const PIECE_BYTES = 64 * 1024

/**
 * Records that are texts of one byte per unit, as bytes. Readers that only count or write them need no strings. Iterating
 * decodes them; `toArray` is several times as fast.
 */
export class TextRecords implements Iterable<string> {
  readonly texts: Latin1Texts

  constructor(texts: Latin1Texts) {
    this.texts = texts
  }

  get length(): number {
    return this.texts.lengths.length
  }

  /** Decodes a piece by one call, and cuts the texts from it. */
  toArray(): string[] {
    const { texts, lengths } = this.texts
    const bytes = Buffer.from(texts.buffer, texts.byteOffset, texts.byteLength)
    const strings = new Array<string>(lengths.length)
    let at = 0
    for (let i = 0; i < strings.length; ) {
      let end = i
      let size = 0
      do size += lengths[end++]!
      while (end < strings.length && size + lengths[end]! <= PIECE_BYTES)
      const piece = bytes.toString('latin1', at, at + size)
      for (let from = 0; i < end; i++) {
        strings[i] = piece.substring(from, from + lengths[i]!)
        from += lengths[i]!
      }
      at += size
    }
    return strings
  }

  [Symbol.iterator](): Iterator<string> {
    return this.toArray()[Symbol.iterator]()
  }
}

/** Whether records can be counted without reading them. */
export function hasLength(records: Iterable<unknown>): records is TextRecords | readonly unknown[] {
  return Array.isArray(records) || records instanceof TextRecords
}

/** Returns records that a loop reads fast: texts as strings. */
export function decoded(records: Iterable<unknown>): Iterable<unknown> {
  return records instanceof TextRecords ? records.toArray() : records
}
