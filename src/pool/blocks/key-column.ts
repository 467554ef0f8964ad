import { alignCursor, type Cursor, FORM, need, readHeader, readView } from './column-header.js'
import { readColumn } from './columns.js'

/** Longer texts are decoded to strings. */
export const SHORT_UNITS = 11

/** Texts one after the other, with one byte per unit, none longer than SHORT_UNITS. */
export interface ShortTexts {
  /** The memory that contains them. */
  readonly view: DataView
  /** The offset of the first text. */
  readonly at: number
  readonly lengths: Uint8Array
}

/** The keys of a pairs column, read in place by readers that need no strings. Valid as long as the block. */
export class KeyColumn {
  readonly count: number
  /** Present if all keys are short texts of one byte per unit. */
  readonly texts: ShortTexts | undefined
  readonly #make: () => readonly unknown[]
  #all: readonly unknown[] | undefined

  private constructor(count: number, texts: ShortTexts | undefined, make: () => readonly unknown[]) {
    this.count = count
    this.texts = texts
    this.#make = make
  }

  /** Returns the next column. */
  static read(cursor: Cursor): KeyColumn {
    const { bytes, at } = cursor
    const { form, width, count } = readHeader(cursor)
    const texts = form === FORM.latin1 && width === 1 ? shortTexts(cursor, count) : undefined
    if (texts) return new KeyColumn(count, texts, () => readColumn({ bytes, at }))
    cursor.at = at
    return KeyColumn.of(readColumn(cursor))
  }

  static of(keys: readonly unknown[]): KeyColumn {
    return new KeyColumn(keys.length, undefined, () => keys)
  }

  /** Keys that `make` returns when they are read. */
  static lazy(count: number, make: () => readonly unknown[]): KeyColumn {
    return new KeyColumn(count, undefined, make)
  }

  /** Returns the keys. The first call decodes them. */
  all(): readonly unknown[] {
    this.#all ??= this.#make()
    return this.#all
  }
}

function shortTexts(cursor: Cursor, count: number): ShortTexts | undefined {
  const lengths = readView(cursor, Uint8Array, count)
  let total = 0
  let longest = 0
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!
    total += length
    if (length > longest) longest = length
  }
  if (longest > SHORT_UNITS) return undefined
  const at = alignCursor(cursor, 8)
  need(cursor, total)
  cursor.at += total
  const { buffer, byteOffset } = cursor.bytes
  return { view: new DataView(buffer), at: byteOffset + at, lengths }
}
