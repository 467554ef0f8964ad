import { type Cursor, FORM, readHeader, readView } from './column-header.js'
import { readColumn } from './columns.js'
import { type Latin1Texts, readLatin1 } from './string-column.js'

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

/** Numbers of a block, in place. */
export type Numbers = Int32Array | Float64Array

/** The form of keys that can be read without decoding them. */
interface InPlace {
  /** Present if all keys are short texts of one byte per unit. */
  readonly texts?: ShortTexts
  /** Present if all keys are texts of one byte per unit. */
  readonly latin1?: Latin1Texts
  /** Present if all keys are numbers. */
  readonly numbers?: Numbers
}

/** The keys of a pairs column, read in place by readers that need no strings. Valid as long as the block. */
export class KeyColumn implements InPlace {
  readonly count: number
  readonly texts: ShortTexts | undefined
  readonly latin1: Latin1Texts | undefined
  readonly numbers: Numbers | undefined
  readonly #make: () => readonly unknown[]
  #all: readonly unknown[] | undefined

  private constructor(count: number, make: () => readonly unknown[], { texts, latin1, numbers }: InPlace = {}) {
    this.count = count
    this.texts = texts
    this.latin1 = latin1
    this.numbers = numbers
    this.#make = make
  }

  /** Returns the next column. */
  static read(cursor: Cursor): KeyColumn {
    const { bytes, at } = cursor
    const { form, count } = readHeader(cursor)
    cursor.at = at
    const make = () => readColumn({ bytes, at })
    if (form === FORM.i32 || form === FORM.f64) return new KeyColumn(count, make, { numbers: readNumbers(cursor)! })
    const latin1 = form === FORM.latin1 ? readLatin1(cursor)! : undefined
    if (latin1) return new KeyColumn(count, make, { latin1, texts: shortTexts(latin1) })
    return KeyColumn.of(readColumn(cursor))
  }

  static of(keys: readonly unknown[]): KeyColumn {
    return new KeyColumn(keys.length, () => keys)
  }

  /** Keys that `make` returns when they are read. */
  static lazy(count: number, make: () => readonly unknown[]): KeyColumn {
    return new KeyColumn(count, make)
  }

  /** Returns the keys. The first call decodes them. */
  all(): readonly unknown[] {
    this.#all ??= this.#make()
    return this.#all
  }
}

/** Returns a view of the numbers of the next column; undefined, and does not move, if it has others. */
export function readNumbers(cursor: Cursor): Numbers | undefined {
  const { at } = cursor
  const { form, count } = readHeader(cursor)
  if (form === FORM.i32) return readView(cursor, Int32Array, count)
  if (form === FORM.f64) return readView(cursor, Float64Array, count)
  cursor.at = at
  return undefined
}

function shortTexts({ texts, lengths }: Latin1Texts): ShortTexts | undefined {
  if (!(lengths instanceof Uint8Array)) return undefined
  let longest = 0
  for (let i = 0; i < lengths.length; i++) if (lengths[i]! > longest) longest = lengths[i]!
  return longest > SHORT_UNITS ? undefined : { view: new DataView(texts.buffer), at: texts.byteOffset, lengths }
}
