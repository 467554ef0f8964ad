import { checkText, LOOKS } from '../../ops/functions/check-text.js'
import { isGuarded, unguarded } from '../../ops/functions/guard.js'
import { checkResult } from '../../ops/functions/results.js'
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

  /**
   * Returns what the table holds and empties it.
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

/** Adds one value to the table; made per program, so that its call sites see one `merge` only. */
export type Combine = (table: CombineTable, key: unknown, value: unknown) => void

type Unary = (value: unknown) => unknown
type Binary = (a: unknown, b: unknown) => unknown

const TEXT = `
  'use strict'
  return function combine(table, key, value) {
    const place = table.place(key)
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

/** `codegen` makes a function of its own for each program; without it all programs share one (slower) body. */
export function makeCombine(create: Unary | undefined, merge: Binary, codegen: boolean): Combine {
  if (codegen) {
    const text = TEXT.replace('CREATE', create ? 'create(value)' : 'value')
      .replace('CHECK_FIRST', create && isGuarded(create) ? checkText('first', 'self') : '')
      .replace('CHECK_MERGED', isGuarded(merge) ? `if (merged !== before) { ${checkText('merged', 'self')} }` : '')
    return new Function('create', 'merge', 'check', text)(
      create && unguarded(create),
      unguarded(merge),
      checkResult,
    ) as Combine
  }
  const first = create ?? ((value: unknown) => value)
  return (table, key, value) => {
    const place = table.place(key)
    const { values } = table
    if (place === values.length) values.push(first(value))
    else values[place] = merge(values[place], value)
  }
}
