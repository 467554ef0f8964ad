import type { TableInfo } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { dateAndMoment, duration, plural } from '../format.js'
import { question } from '../question.js'
import type { Store } from '../store.js'
import { type Column, Table } from '../table.js'
import { section } from './tiles.js'
import type { View } from './view.js'

/** The longest query that the streams take. */
const LONGEST = 10_000
/** Rows of a result that are shown, and characters of a value. */
const SHOWN = 500
const LONGEST_VALUE = 1_000
/** Ms after which the list of tables is asked for again, while it is shown. */
const FRESH_MS = 5_000
/** The server answers a query only with this header, which no website can send. */
const HEADERS = { 'X-Millrace-Request': '1' }

type Row = Readonly<Record<string, unknown>>

/** Queries over the newest data of the streams: a list of tables, a text, and the rows of its result. */
export class SqlView implements View {
  readonly title = 'SQL'
  readonly element: HTMLElement
  readonly #tables: Table<TableInfo>
  readonly #note = h('p', { class: 'note', role: 'status' })
  readonly #query = new Query()
  #askedAt = Number.NEGATIVE_INFINITY

  constructor() {
    this.#tables = new Table<TableInfo>(
      'Tables',
      [
        {
          head: 'Table',
          cell: ({ table }) => ({
            key: table,
            make: () => h('button', { type: 'button', onclick: () => this.#query.fill(table) }, table),
          }),
        },
        { head: 'Of', cell: ({ of }) => of },
        { head: 'Operation', cell: ({ uid = '' }) => uid },
        { head: 'Newest batch', cell: ({ time }) => dateAndMoment(time, 1) },
      ],
      ({ table }) => table,
      'No output has a name, and no stream keeps state or a window.',
    )
    const hint =
      'The newest batch of each named output, keyed state, and windows. Choose a table to write a query of its first rows.'
    this.element = h(
      'div',
      {},
      section('Tables', h('p', { class: 'note' }, hint), this.#note, this.#tables.element),
      section('Query', this.#query.element),
    )
  }

  update({ connection }: Store): void {
    const now = performance.now()
    if (connection === 'stopped' || now - this.#askedAt < FRESH_MS) return
    this.#askedAt = now
    void this.#load()
  }

  async #load(): Promise<void> {
    const answer = await answerOf<readonly TableInfo[]>('api/v1/tables')
    setText(this.#note, answer.error ?? '')
    if (answer.body) this.#tables.update(answer.body)
  }
}

/** The text of a query and its result. Nothing is asked until the form is sent, because a query reads data of the streams. */
class Query {
  readonly element: HTMLFormElement
  readonly #text = h('textarea', {
    id: 'query',
    rows: 5,
    maxlength: LONGEST,
    spellcheck: 'false',
    autocapitalize: 'off',
    required: true,
    'aria-describedby': 'query-hint',
    onkeydown: (event) => this.#sendOnEnter(event as KeyboardEvent),
  })
  readonly #button = h('button', { type: 'submit' }, 'Run')
  readonly #note = h('p', { class: 'note', role: 'status' })
  readonly #error = h('p', { class: 'reason', role: 'alert', hidden: true })
  readonly #result = h('div', { class: 'result' })

  constructor() {
    this.element = question(
      () => this.#ask(),
      h('label', { for: 'query' }, 'One SELECT in the SQL of DuckDB, read only'),
      this.#text,
      this.#button,
      h('p', { class: 'note', id: 'query-hint' }, 'Ctrl+Enter runs it, for at most 10 s.'),
      this.#note,
      this.#error,
      this.#result,
    )
  }

  /** Writes a query of the first rows of a table. */
  fill(table: string): void {
    this.#text.value = `select * from "${table.replaceAll('"', '""')}" limit 20`
    this.#text.focus()
  }

  #sendOnEnter(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    if (!this.#button.disabled) this.element.requestSubmit()
  }

  async #ask(): Promise<void> {
    if (this.#button.disabled) return
    this.#button.disabled = true
    this.#show('The query runs.', '', [])
    const began = performance.now()
    try {
      const path = `api/v1/sql?${new URLSearchParams({ q: this.#text.value })}`
      const { body, error } = await answerOf<{ readonly rows: readonly Row[] }>(path, HEADERS)
      if (error !== undefined) this.#show('', error, [])
      else this.#show(noteOf(body!.rows.length, performance.now() - began), '', body!.rows)
    } finally {
      this.#button.disabled = false
    }
  }

  #show(note: string, error: string, rows: readonly Row[]): void {
    setText(this.#note, note)
    this.#error.hidden = error === ''
    setText(this.#error, error)
    this.#result.replaceChildren(...(rows.length > 0 ? [resultOf(rows.slice(0, SHOWN))] : []))
  }
}

function noteOf(rows: number, ms: number): string {
  const shown = rows > SHOWN ? `, of which the first ${SHOWN} are shown` : ''
  return `${plural(rows, 'row')} in ${duration(ms)}${shown}`
}

function resultOf(rows: readonly Row[]): HTMLElement {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = names.map((name): Column<readonly [number, Row]> => {
    const numeric = rows.every((row) => row[name] == null || typeof row[name] === 'number')
    return { head: name, numeric, cell: ([, row]) => textOf(row[name]) }
  })
  const table = new Table('Result', columns, ([at]) => String(at))
  table.update(rows.map((row, at) => [at, row] as const))
  return table.element
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

/** Returns the body of an answer, or why there is none. */
async function answerOf<T>(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly body?: T; readonly error?: string }> {
  try {
    const response = await fetch(path, { headers })
    const body = await response.json()
    return response.ok ? { body } : { error: body.error.message }
  } catch {
    return { error: 'The request did not reach the streams. They may have stopped, or the query is too long.' }
  }
}
