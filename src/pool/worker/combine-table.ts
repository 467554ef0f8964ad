import { canonical } from '../../ops/keys.js'

/** An accumulator in place, so that adding to a key that is there costs one look-up. */
export interface Cell {
  value: unknown
}

/** Accumulators by key. `plain` holds primitive keys and is used directly by generated loops. */
export class CombineTable {
  readonly plain = new Map<unknown, Cell>()
  readonly #composite = new Map<string, { readonly key: unknown; readonly cell: Cell }>()

  get size(): number {
    return this.plain.size + this.#composite.size
  }

  /** The cell of a composite key, made by `create` where there is none; `added` tells which. */
  composite(key: object, first: () => unknown): { cell: Cell; added: boolean } {
    const text = canonical(key)
    const found = this.#composite.get(text)
    if (found) return { cell: found.cell, added: false }
    const cell = { value: first() }
    this.#composite.set(text, { key, cell })
    return { cell, added: true }
  }

  forEach(visit: (key: unknown, value: unknown) => void): void {
    for (const [key, cell] of this.plain) visit(key, cell.value)
    for (const { key, cell } of this.#composite.values()) visit(key, cell.value)
  }

  toColumns(): { keys: unknown[]; values: unknown[] } {
    const keys: unknown[] = []
    const values: unknown[] = []
    this.forEach((key, value) => {
      keys.push(key)
      values.push(value)
    })
    return { keys, values }
  }

  toPairs(): [unknown, unknown][] {
    const pairs: [unknown, unknown][] = []
    for (const [key, cell] of this.plain) pairs.push([key, cell.value])
    for (const { key, cell } of this.#composite.values()) pairs.push([key, cell.value])
    return pairs
  }
}

/** Adds one value to the table; made per program, so that its call sites see one `merge` only. */
export type Combine = (table: CombineTable, key: unknown, value: unknown) => void

type Unary = (value: unknown) => unknown
type Binary = (a: unknown, b: unknown) => unknown

const TEXT = `
  'use strict'
  return function combine(table, key, value) {
    if (typeof key === 'object' && key !== null) {
      const { cell, added } = table.composite(key, () => CREATE)
      if (!added) cell.value = merge(cell.value, value)
      return
    }
    const cell = table.plain.get(key)
    if (cell === undefined) table.plain.set(key, { value: CREATE })
    else cell.value = merge(cell.value, value)
  }`

/** `codegen` makes a function of its own for each program; without it all programs share one (slower) body. */
export function makeCombine(create: Unary | undefined, merge: Binary, codegen: boolean): Combine {
  if (codegen) {
    const text = TEXT.replaceAll('CREATE', create ? 'create(value)' : 'value')
    return new Function('create', 'merge', text)(create, merge) as Combine
  }
  const first = create ?? ((value: unknown) => value)
  return (table, key, value) => {
    if (typeof key === 'object' && key !== null) {
      const { cell, added } = table.composite(key, () => first(value))
      if (!added) cell.value = merge(cell.value, value)
      return
    }
    const cell = table.plain.get(key)
    if (cell === undefined) table.plain.set(key, { value: first(value) })
    else cell.value = merge(cell.value, value)
  }
}
