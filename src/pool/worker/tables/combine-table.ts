import { checkText, LOOKS } from '../../../ops/functions/check-text.js'
import { isGuarded, unguarded } from '../../../ops/functions/guard.js'
import { checkResult } from '../../../ops/functions/results.js'
import { canonical } from '../../../values/keys.js'
import { SlotIndex } from './slot-index.js'

/** Accumulators by key, in columns, in the order of the keys' first values. */
export class CombineTable {
  #keys: unknown[] = []
  #values: unknown[] = []
  readonly #plain = new SlotIndex(this.#keys)
  readonly #composite = new Map<string, number>()
  /** The number of keys of the last successful task: the program's next task will have about as many. */
  #expected = 0

  /** Empties the table, which successive tasks of a program share. A failed task may have left entries. */
  begin(): void {
    this.#keys = []
    this.#values = []
    this.#plain.begin(this.#keys, this.#expected)
    this.#composite.clear()
  }

  /** By index. One shorter than the keys if the last key is new: the caller adds its value. */
  get values(): unknown[] {
    return this.#values
  }

  /** Returns the index of a key. Adds a new key. */
  place(key: unknown): number {
    const next = this.#keys.length
    const place = typeof key === 'object' && key !== null ? this.#placeOf(key, next) : this.#plain.place(key, next)
    // As in a Map, -0 is 0.
    if (place === next) this.#keys.push(key === 0 ? 0 : key)
    return place
  }

  /**
   * Empties the table and returns its keys and values.
   * @throws ArgumentError if a value holds a promise or an iterator. Looks at the fields of the first values only.
   */
  take(): { readonly keys: readonly unknown[]; readonly values: readonly unknown[] } {
    const taken = { keys: this.#keys, values: this.#values }
    for (let i = 0; i < taken.values.length; i++) {
      const value = taken.values[i]
      if (typeof value === 'object' && value !== null) checkResult(value, i < LOOKS)
    }
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

/** Adds one value to the table. Generated per program, so that its call sites see only one `merge`. */
export type Combine = (table: CombineTable, key: unknown, value: unknown) => void
/** Like Combine, for a key whose index the table has returned. */
export type CombineAt = (table: CombineTable, place: number, value: unknown) => void

type Unary = (value: unknown) => unknown
type Binary = (a: unknown, b: unknown) => unknown

const TEXT = `
  'use strict'
  return function combine(table, KEY, value) {
    FIND
    const values = table.values
    if (place === values.length) {
      const first = CREATE
      CHECK_FIRST
      values.push(first)
    } else {
      const before = values[place]
      const merged = merge(before, value)
      CHECK_MERGED
      values[place] = merged
    }
  }`

/** Returns a function that adds a value by its key. With `codegen`, generates a function for each program. Without it all programs share one (slower) body. */
export function makeCombine(create: Unary | undefined, merge: Binary, codegen: boolean): Combine {
  if (codegen) return generated(create, merge, 'key', 'const place = table.place(key)')
  const at = makeCombineAt(create, merge, false)
  return (table, key, value) => at(table, table.place(key), value)
}

/** Returns a function that adds a value by the index of its key. */
export function makeCombineAt(create: Unary | undefined, merge: Binary, codegen: boolean): CombineAt {
  if (codegen) return generated(create, merge, 'place', '')
  const first = create ?? ((value: unknown) => value)
  return (table, place, value) => {
    const { values } = table
    if (place === values.length) values.push(first(value))
    else values[place] = merge(values[place], value)
  }
}

function generated<F>(create: Unary | undefined, merge: Binary, key: string, find: string): F {
  const text = TEXT.replace('KEY', key)
    .replace('FIND', find)
    .replace('CREATE', create ? 'create(value)' : 'value')
    .replace('CHECK_FIRST', create && isGuarded(create) ? checkText('first', 'self') : '')
    .replace('CHECK_MERGED', isGuarded(merge) ? `if (merged !== before) { ${checkText('merged', 'self')} }` : '')
  return new Function('create', 'merge', 'check', text)(create && unguarded(create), unguarded(merge), checkResult) as F
}
