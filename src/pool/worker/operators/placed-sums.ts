import type { Numbers } from '../../blocks/key-column.js'
import { PROGRESS } from '../../thread-status.js'
import type { Task } from '../runtime/task.js'
import type { CombineTable } from '../tables/combine-table.js'
import { NONE } from '../tables/partner-index.js'
import type { Partners } from '../tables/partners.js'
import type { Met } from './met.js'

const FIRST_SUMS = 64

/** The places of the right side's values in a table, each looked up once. */
export class PartnerPlaces {
  readonly #values: readonly unknown[]
  readonly #table: CombineTable
  /** The index of each row's place; undefined: its own number. */
  readonly codes: Int32Array | undefined
  /** By code, or NONE. The last one is that of no partner. */
  readonly places: Int32Array

  constructor({ codes, values }: Partners, table: CombineTable) {
    this.codes = codes?.codes
    this.#values = codes?.values ?? values
    this.#table = table
    this.places = new Int32Array(this.#values.length + 1).fill(NONE)
  }

  /** Returns the place of a row's value. */
  of(row: number): number {
    const code = row === NONE ? this.#values.length : this.codes ? this.codes[row]! : row
    const place = this.places[code]!
    return place === NONE ? this.find(code) : place
  }

  /** Looks up a place; a new one is the next of the table. */
  find(code: number): number {
    const place = this.#table.place(this.#values[code])
    this.places[code] = place
    return place
  }
}

/** Sums by place in a table that has no values yet. */
export class PlacedSums {
  #sums = new Float64Array(FIRST_SUMS).fill(-0)
  #count = 0

  /** Adds the numbers of a part of the left side in their order, by the values of their partners. */
  add(
    { part, rows, partners }: Met,
    keepLeft: boolean,
    numbers: Numbers | number,
    places: PartnerPlaces,
    task: Task,
  ): void {
    const { status } = task.meter
    const { next, isUnique } = partners.index
    const { codes, places: known } = places
    const noPartner = known.length - 1
    let sums = this.#sums
    for (let left = 0; left < part.count; left++) {
      let right = rows[left]!
      if (right === NONE && !keepLeft) continue
      const number = typeof numbers === 'number' ? numbers : numbers[left]!
      do {
        status[PROGRESS]!++
        const code = right === NONE ? noPartner : codes === undefined ? right : codes[right]!
        let place = known[code]!
        if (place === NONE) {
          place = places.find(code)
          this.#reserve(place)
          sums = this.#sums
        }
        // -0 is the sum of nothing: any number plus -0 is that number.
        sums[place]! += number
        right = isUnique || right === NONE ? NONE : next[right]!
      } while (right !== NONE)
    }
  }

  /** Adds the sums to the table as values of its keys. */
  moveTo({ values }: CombineTable): void {
    for (let place = 0; place < this.#count; place++) values.push(this.#sums[place])
  }

  #reserve(place: number): void {
    this.#count = Math.max(this.#count, place + 1)
    if (place < this.#sums.length) return
    const longer = new Float64Array(this.#sums.length * 2).fill(-0)
    longer.set(this.#sums)
    this.#sums = longer
  }
}
