import type { ByteWriter } from '../../blocks/byte-writer.js'
import { GrowingColumn, type WritableColumn, type WriteValues } from '../../blocks/growing-column.js'
import type { Numbers } from '../../blocks/key-column.js'
import { ShapedRows } from '../../blocks/shaped-rows.js'

/** Values of pairs, added one by one. Objects of a few shapes go into columns of their fields. */
export class ValueColumn implements WritableColumn {
  readonly #plain = new GrowingColumn()
  #rows: ShapedRows | undefined
  /** Whether all values are objects in `#rows`. */
  #areRows = false
  /** Whether the values of earlier tasks allow rows. */
  #mayBeRows = true
  #symbols = true

  get count(): number {
    return this.#areRows ? this.#rows!.count : this.#plain.count
  }

  get isPlain(): boolean {
    return !this.#areRows && this.#plain.isPlain
  }

  /** Starts again without values. `symbols`: whether objects may have symbols as names. Frees memory of more than `most`. */
  clear(symbols: boolean, most: number): void {
    this.#plain.clear(most)
    this.#rows?.clear(symbols)
    this.#areRows = false
    this.#symbols = symbols
  }

  add(value: unknown): void {
    if (typeof value === 'number') this.addNumber(value)
    else if (!this.#addRow(value)) this.#plain.add(value)
  }

  addNumber(value: number): void {
    if (this.#areRows) this.#leaveRows()
    this.#plain.add(value)
  }

  addNumbers(values: Numbers): void {
    if (this.#areRows) this.#leaveRows()
    this.#plain.addNumbers(values)
  }

  toArray(): readonly unknown[] {
    return this.#areRows ? this.#rows!.toArray() : this.#plain.toArray()
  }

  write(w: ByteWriter, depth: number, writeValues: WriteValues): void {
    if (this.#areRows) this.#rows!.write(w, depth, writeValues)
    else this.#plain.write(w, depth, writeValues)
  }

  /** Returns false if the value is no object, or comes after others that are none. */
  #addRow(value: unknown): boolean {
    if (!this.#areRows) {
      if (!this.#mayBeRows || this.#plain.count > 0) return false
      this.#rows ??= new ShapedRows()
      this.#rows.clear(this.#symbols)
      this.#areRows = true
    }
    if (this.#rows!.add(value)) return true
    this.#mayBeRows = false
    this.#leaveRows()
    return false
  }

  #leaveRows(): void {
    this.#areRows = false
    for (const value of this.#rows!.toArray()) this.#plain.add(value)
  }
}
