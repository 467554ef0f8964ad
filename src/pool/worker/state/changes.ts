import type { StatePartition } from './store.js'
import type { Cell, StateTable } from './table.js'

const ABSENT = Symbol('absent')

/**
 * Changes to a partition that are made at once but can all be taken back: a user's function may throw midway, and the
 * version before must then be there for the next attempt.
 */
export class Changes {
  readonly #table: StateTable
  readonly #cells: Cell[] = []
  /** What each change replaced. */
  readonly #values: unknown[] = []
  readonly #times: number[] = []

  constructor({ entries }: StatePartition) {
    this.#table = entries
  }

  set(key: unknown, value: unknown): void {
    const cell = this.#table.cell(key)
    if (cell) this.change(cell, value)
    else this.add(key, value)
  }

  delete(key: unknown): void {
    const cell = this.#table.cell(key)
    if (cell) this.remove(cell)
  }

  change(cell: Cell, value: unknown, time = 0): void {
    this.#note(cell, cell.value)
    cell.value = value
    cell.time = time
  }

  /** A key that is not there. */
  add(key: unknown, value: unknown, time = 0): Cell {
    const cell = this.#table.add(key, value, time)
    this.#note(cell, ABSENT)
    return cell
  }

  remove(cell: Cell): void {
    this.#note(cell, cell.value)
    this.#table.remove(cell)
  }

  /** Changed cells, in order; one that was changed twice is there twice. */
  get cells(): readonly Cell[] {
    return this.#cells
  }

  takeBack(): void {
    for (let i = this.#cells.length - 1; i >= 0; i--) {
      const cell = this.#cells[i]!
      const before = this.#values[i]
      if (before === ABSENT) this.#table.remove(cell)
      else {
        if (!cell.alive) this.#table.putBack(cell)
        cell.value = before
        cell.time = this.#times[i]!
      }
    }
  }

  /** The changes stand: the next increment must hold them. */
  keep(state: StatePartition): void {
    const { changed, increment } = state
    if (!changed) return
    for (const cell of this.#cells) {
      if (cell.increment === increment) continue
      cell.increment = increment
      if (cell.id < 0) this.#table.identify(cell)
      changed.push(cell)
    }
  }

  #note(cell: Cell, before: unknown): void {
    this.#cells.push(cell)
    this.#values.push(before)
    this.#times.push(cell.time)
  }
}
