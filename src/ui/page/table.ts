import { type Child, h, setText } from './dom.js'

export interface Column<R> {
  readonly head: string
  /** The meaning of the column, as a tooltip. */
  readonly hint?: string
  readonly numeric?: boolean
  /** A text, or an element that is created once a row and again when `of` returns another key. */
  readonly cell: (row: R) => string | { readonly key: string; readonly make: () => Child }
}

/** A table whose rows and cells stay while their data is the same, so that focus and selection survive updates. */
export class Table<R> {
  readonly element: HTMLElement
  readonly #columns: readonly Column<R>[]
  readonly #keyOf: (row: R) => string
  readonly #body = h('tbody')
  readonly #empty: HTMLElement
  readonly #table: HTMLTableElement
  readonly #rows = new Map<string, { readonly tr: HTMLTableRowElement; readonly keys: string[] }>()

  constructor(caption: string, columns: readonly Column<R>[], keyOf: (row: R) => string, empty = 'Nothing yet.') {
    this.#columns = columns
    this.#keyOf = keyOf
    const heads = columns.map(({ head, hint, numeric }) =>
      h('th', { scope: 'col', title: hint, class: numeric ? 'number' : undefined }, head),
    )
    this.#table = h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h('thead', {}, h('tr', {}, ...heads)),
      this.#body,
    )
    this.#empty = h('p', { class: 'empty' }, empty)
    this.element = h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      this.#table,
      this.#empty,
    )
  }

  update(rows: readonly R[]): void {
    this.#table.hidden = rows.length === 0
    this.#empty.hidden = rows.length > 0
    const wanted = new Set(rows.map((row) => this.#keyOf(row)))
    for (const [key, { tr }] of this.#rows) {
      if (wanted.has(key)) continue
      tr.remove()
      this.#rows.delete(key)
    }
    for (const [at, row] of rows.entries()) {
      const { tr } = this.#filled(row)
      if (this.#body.children[at] !== tr) this.#body.insertBefore(tr, this.#body.children[at] ?? null)
    }
  }

  #filled(row: R): { readonly tr: HTMLTableRowElement } {
    const key = this.#keyOf(row)
    let known = this.#rows.get(key)
    if (!known) {
      const cells = this.#columns.map(({ numeric }) => h('td', { class: numeric ? 'number' : undefined }))
      known = { tr: h('tr', {}, ...cells), keys: [] }
      this.#rows.set(key, known)
    }
    for (const [at, { cell }] of this.#columns.entries()) {
      const value = cell(row)
      const td = known.tr.cells[at]!
      if (typeof value === 'string') setText(td, value)
      else if (known.keys[at] !== value.key) {
        known.keys[at] = value.key
        td.replaceChildren(...[value.make()].filter((child) => child !== undefined))
      }
    }
    return known
  }
}
