import { KeyedMap } from '../../../ops/keys.js'

/**
 * One key of kept state. Operators find it once and then work on it: looking a key up among a million costs more than
 * most functions do with it.
 */
export class Cell {
  readonly key: unknown
  value: unknown
  /** The batch that last touched it, for operators that let idle keys go. */
  time: number
  /** False once the key is deleted. */
  alive = true
  /** The increment, counted from the beginning, that will hold the last change: see StatePartition. */
  increment = -1
  /** Stands for the key in snapshots; -1 until the key is in one, or must be in the next. */
  id = -1
  /** What came for the key, while a version is made. */
  arrived: unknown[] | undefined = undefined

  constructor(key: unknown, value: unknown, time: number) {
    this.key = key
    this.value = value
    this.time = time
  }
}

/** Pieces of decoded text from this length on point into the text that they were cut from. */
const CUT_FROM = 13

function copyOf(text: string): string {
  const narrow = Buffer.from(text, 'latin1').toString('latin1')
  return narrow === text ? narrow : Buffer.from(text, 'utf16le').toString('utf16le')
}

/** The cells of a partition, by key. */
export class StateTable {
  readonly #cells = new KeyedMap<Cell>()
  #ids = 0
  /** Cells with an id whose key is in no snapshot yet, in the order of their ids. */
  fresh: Cell[] = []

  get size(): number {
    return this.#cells.size
  }

  /** Ids that were given out, those of deleted keys included. */
  get ids(): number {
    return this.#ids
  }

  /** Gives the cell an id. None is used twice, so a key that comes back is a new one. */
  identify(cell: Cell): void {
    cell.id = this.#ids++
    this.fresh.push(cell)
  }

  /** Gives all cells new ids, without gaps. */
  identifyAnew(): void {
    this.#ids = 0
    this.fresh = []
    for (const cell of this.cells()) this.identify(cell)
  }

  /** As `add`, of a key that snapshots name by this id. */
  restore(id: number, key: unknown, value: unknown, time: number): Cell {
    const cell = this.add(key, value, time)
    cell.id = id
    return cell
  }

  /** So many ids are in the snapshots that the cells come from. */
  restored(ids: number): void {
    this.#ids = ids
  }

  cell(key: unknown): Cell | undefined {
    return this.#cells.get(key)
  }

  get(key: unknown): unknown {
    return this.#cells.get(key)?.value
  }

  has(key: unknown): boolean {
    return this.#cells.get(key) !== undefined
  }

  /** A cell for a key that has none. */
  add(key: unknown, value: unknown, time = 0): Cell {
    // A key lives long, and would keep 64 KiB of text in memory with it.
    const own = typeof key === 'string' && key.length >= CUT_FROM ? copyOf(key) : key
    const cell = new Cell(own, value, time)
    this.#cells.set(own, cell)
    return cell
  }

  remove(cell: Cell): void {
    cell.alive = false
    this.#cells.delete(cell.key)
  }

  /** Takes a removal back. */
  putBack(cell: Cell): void {
    cell.alive = true
    this.#cells.set(cell.key, cell)
  }

  /** Not to be changed on the way. */
  cells(): Iterable<Cell> {
    return this.#cells.values()
  }

  /** The keys with their values. Not to be changed on the way. */
  *entries(): Iterable<[unknown, unknown]> {
    for (const { key, value } of this.cells()) yield [key, value]
  }
}
