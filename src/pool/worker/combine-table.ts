import { canonical } from '../../values/keys.js'
import { SlotIndex } from './slot-index.js'

/** Accumulators by key, in columns: a key's place is the order of its first value. */
export class CombineTable {
  #keys: unknown[] = []
  #values: unknown[] = []
  readonly #plain = new SlotIndex(this.#keys)
  readonly #composite = new Map<string, number>()
  /** Keys of the last task that came to its end: the next one of the program will have about as many. */
  #expected = 0

  /** Forgets all, what a task left that failed too. The table of one task of a program is used for the next. */
  begin(): void {
    this.#keys = []
    this.#values = []
    this.#plain.begin(this.#keys, this.#expected)
    this.#composite.clear()
  }

  /** By place. One shorter than the keys where the last key is new: its value is to be added. */
  get values(): unknown[] {
    return this.#values
  }

  /** The place of a key, which is added if it is new. */
  place(key: unknown): number {
    const next = this.#keys.length
    const place = typeof key === 'object' && key !== null ? this.#placeOf(key, next) : this.#plain.place(key, next)
    // As in a Map, -0 is 0.
    if (place === next) this.#keys.push(key === 0 ? 0 : key)
    return place
  }

  /** What it holds, and nothing is left. */
  take(): { readonly keys: readonly unknown[]; readonly values: readonly unknown[] } {
    const taken = { keys: this.#keys, values: this.#values }
    this.#expected = taken.keys.length
    this.#keys = []
    this.#values = []
    this.#composite.clear()
    return taken
  }

  #placeOf(key: object, next: number): number {
    const text = canonical(key)
    const place = this.#composite.get(text)
    if (place !== undefined) return place
    this.#composite.set(text, next)
    return next
  }
}

/** Adds one value to the table; made per program, so that its call sites see one `merge` only. */
export type Combine = (table: CombineTable, key: unknown, value: unknown) => void

type Unary = (value: unknown) => unknown
type Binary = (a: unknown, b: unknown) => unknown

const TEXT = `
  'use strict'
  return function combine(table, key, value) {
    const place = table.place(key)
    const values = table.values
    if (place === values.length) values.push(CREATE)
    else values[place] = merge(values[place], value)
  }`

/** `codegen` makes a function of its own for each program; without it all programs share one (slower) body. */
export function makeCombine(create: Unary | undefined, merge: Binary, codegen: boolean): Combine {
  if (codegen) {
    const text = TEXT.replaceAll('CREATE', create ? 'create(value)' : 'value')
    return new Function('create', 'merge', text)(create, merge) as Combine
  }
  const first = create ?? ((value: unknown) => value)
  return (table, key, value) => {
    const place = table.place(key)
    const { values } = table
    if (place === values.length) values.push(first(value))
    else values[place] = merge(values[place], value)
  }
}
