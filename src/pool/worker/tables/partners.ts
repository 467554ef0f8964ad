import { append } from '../../../ops/append.js'
import { isObject } from '../../../values/copy.js'
import type { KeyColumn } from '../../blocks/key-column.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { NONE, type PartnerIndex } from './partner-index.js'

/** A number for each distinct value, so that its place in a table is looked up once. */
export interface ValueCodes {
  /** By row. */
  readonly codes: Int32Array
  /** By code. */
  readonly values: readonly unknown[]
}

/** The right side of a join. Tasks share it if they read the same blocks: it does not change. */
export class Partners {
  readonly index: PartnerIndex
  /** By row. */
  readonly values: readonly unknown[]
  #codes: ValueCodes | undefined
  #isKept = false

  constructor(index: PartnerIndex, parts: readonly PairColumns[]) {
    this.index = index
    this.values = together(parts)
  }

  /** Returns the first row of each key's partners, or NONE, and marks slots as met. The next call may overwrite the result. */
  meet(column: KeyColumn, met: Uint8Array | undefined): Int32Array {
    const { first, isUnique } = this.index
    const slots = this.index.find(column)
    // Slots are rows.
    if (isUnique && !met) return slots
    for (let i = 0; i < column.count; i++) {
      const slot = slots[i]!
      if (slot < 0) continue
      if (met) met[slot] = 1
      slots[i] = first[slot]!
    }
    return slots
  }

  /** Passes the values whose keys no record met: those of objects as keys last, like the entries of a KeyedMap. */
  eachUnmet(met: Uint8Array, each: (key: unknown, value: unknown) => void): void {
    const { keys, first, next, hasObjects } = this.index
    for (const objects of hasObjects ? [false, true] : [false]) {
      for (let slot = 0; slot < keys.length; slot++) {
        const key = keys[slot]
        if (met[slot] === 1 || isObject(key) !== objects) continue
        for (let row = first[slot]!; row !== NONE; row = next[row]!) each(key, this.values[row])
      }
    }
  }

  /** Marks the values as ones that further tasks read. They must not be objects. */
  keep(): void {
    this.#isKept = true
  }

  /** Returns codes of values that are kept: for one task, looking up each value would cost more. */
  get codes(): ValueCodes | undefined {
    if (this.#isKept) this.#codes ??= codesOf(this.values)
    return this.#codes
  }
}

function codesOf(all: readonly unknown[]): ValueCodes {
  // A Map's keys are equal where those of the engine are, for values that are not objects.
  const known = new Map<unknown, number>()
  const codes = Int32Array.from(all, (value) => {
    const code = known.get(value) ?? known.size
    if (code === known.size) known.set(value, code)
    return code
  })
  return { codes, values: [...known.keys()] }
}

function together(parts: readonly PairColumns[]): readonly unknown[] {
  if (parts.length === 1) return parts[0]!.values
  const all: unknown[] = []
  for (const { values } of parts) append(all, values)
  return all
}
