import type { BatchRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { count, dateAndMoment, duration, plural } from '../format.js'
import type { Store } from '../store.js'
import { type Column, Table } from '../table.js'
import type { View } from './view.js'

/** Rows that a table shows at first, and more on demand; the feed has a thousand. */
const SHOWN = 200

/** Active, completed and failed batches. */
export class BatchesView implements View {
  readonly title = 'Batches'
  readonly element: HTMLElement
  readonly #activeHead = h('h2')
  readonly #completedHead = h('h2')
  readonly #filter: HTMLInputElement
  readonly #active: Table<BatchRow>
  readonly #completed: Table<BatchRow>
  readonly #more: HTMLButtonElement
  #shown = SHOWN
  #interval = 1000
  #store: Store | undefined

  constructor() {
    this.#active = new Table('Active batches', this.#columns(), ({ time }) => String(time), 'No batch waits or runs.')
    this.#completed = new Table(
      'Completed batches',
      this.#columns(),
      ({ time }) => String(time),
      'No batch is complete yet.',
    )
    this.#filter = h('input', { type: 'checkbox', id: 'only-failed' })
    this.#filter.addEventListener('change', () => this.#store && this.update(this.#store))
    this.#more = h(
      'button',
      { type: 'button', class: 'more', hidden: true, onclick: () => this.#showMore() },
      'Show more',
    )
    this.element = h(
      'div',
      {},
      h('section', { class: 'block' }, this.#activeHead, this.#active.element),
      h(
        'section',
        { class: 'block' },
        h(
          'div',
          { class: 'heading' },
          this.#completedHead,
          h('label', { for: 'only-failed' }, this.#filter, ' failed only'),
        ),
        this.#completed.element,
        this.#more,
      ),
    )
  }

  #showMore(): void {
    this.#shown += SHOWN
    if (this.#store) this.update(this.#store)
  }

  update(store: Store): void {
    this.#store = store
    this.#interval = store.overview?.status.batchInterval ?? 1000
    const all = store.batches.reverse()
    const active = all.filter(({ status }) => status === 'waiting' || status === 'running')
    const completed = all.filter(({ status }) => status === 'completed' || status === 'failed')
    setText(this.#activeHead, `Active batches (${count(active.length)})`)
    const total = store.overview?.totals.completed ?? completed.length
    setText(this.#completedHead, `Completed batches (last ${count(completed.length)} out of ${count(total)})`)
    const wanted = this.#filter.checked ? completed.filter(({ status }) => status === 'failed') : completed
    this.#active.update(active.slice(0, SHOWN))
    this.#completed.update(wanted.slice(0, this.#shown))
    this.#more.hidden = wanted.length <= this.#shown
    setText(this.#more, `Show more of ${plural(wanted.length, 'batch', 'batches')}`)
  }

  #columns(): Column<BatchRow>[] {
    return [
      {
        head: 'Batch time',
        cell: ({ time }) => ({
          key: String(time),
          make: () => h('a', { href: `#/batches/${time}` }, dateAndMoment(time, this.#interval)),
        }),
      },
      { head: 'Input', numeric: true, cell: ({ records }) => `${count(records)} records` },
      {
        head: 'Scheduling delay',
        hint: 'Time that the batch waited.',
        numeric: true,
        cell: (row) => duration(row.schedulingDelay),
      },
      { head: 'Processing time', numeric: true, cell: ({ processingDelay }) => duration(processingDelay) },
      { head: 'Total delay', numeric: true, cell: ({ totalDelay }) => duration(totalDelay) },
      {
        head: 'Outputs succeeded',
        numeric: true,
        cell: ({ outputs }) => `${outputs.filter(({ error }) => !error).length}/${outputs.length}`,
      },
      {
        head: 'Status',
        cell: ({ status }) => ({ key: status, make: () => h('span', { class: `status ${status}` }, status) }),
      },
    ]
  }
}
