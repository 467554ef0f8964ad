import type { InputLag, PartLagStatus } from '../../../engine/status/streams-status.js'
import type { ConnectorRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { bytes, count, dateAndMoment, duration, plural, short } from '../format.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'
import { section } from './tiles.js'
import type { View } from './view.js'

/** A part of an input, such as a partition of a topic. */
interface PartRow extends PartLagStatus {
  readonly source: ConnectorRow
  readonly unit: InputLag['unit']
}

/** The inputs: rates, errors, and how far complete batches are behind the ends of the sources. */
export class ConnectorsView implements View {
  readonly title = 'Connectors'
  readonly element: HTMLElement
  #now = 0
  readonly #omitted = h('p', { class: 'note', role: 'status' })
  readonly #connectors = new Table<ConnectorRow>(
    'Connectors',
    [
      { head: 'Source', cell: ({ name }) => name },
      {
        head: 'State',
        cell: ({ state }) => ({ key: state, make: () => h('span', { class: `status ${state}` }, state) }),
      },
      { head: 'Rate', numeric: true, cell: ({ perSecond }) => `${short(perSecond)}/s` },
      { head: 'Limit', numeric: true, cell: ({ limit }) => (limit === undefined ? 'none' : `${short(limit)}/s`) },
      {
        head: 'Lag',
        hint: 'Amount that no complete batch has read. Of a receiver: of the data that has arrived. Empty if the source does not report it.',
        numeric: true,
        cell: ({ lag }) => (lag ? amountOf(lag) : ''),
      },
      {
        head: 'Oldest',
        hint: 'How long the oldest waiting record of a receiver has waited.',
        numeric: true,
        cell: ({ lag }) => (lag?.oldest === undefined ? '' : duration(Math.max(0, this.#now - lag.oldest))),
      },
      { head: 'Records', numeric: true, cell: ({ records }) => count(records) },
      { head: 'Bytes', numeric: true, cell: (row) => bytes(row.bytes) },
      { head: 'Dropped', numeric: true, cell: ({ dropped }) => count(dropped) },
      { head: 'Files and offsets', cell: ({ description = '' }) => description },
      { head: 'Errors', numeric: true, cell: ({ errors }) => count(errors) },
      {
        head: 'Last error',
        cell: ({ lastError, lastErrorAt }) => (lastError ? `${dateAndMoment(lastErrorAt)} ${lastError}` : ''),
      },
    ],
    ({ stream }) => String(stream),
    'No source has had a batch yet.',
  )
  readonly #parts = new Table<PartRow>(
    'Lag by partition',
    [
      { head: 'Source', cell: ({ source }) => source.name },
      { head: 'Partition', cell: ({ name }) => name },
      { head: 'Read up to', hint: 'Where the last complete batch ends.', cell: ({ read }) => position(read) },
      { head: 'End', hint: 'Where the source ended at the newest batch.', cell: ({ end }) => position(end) },
      { head: 'Lag', numeric: true, cell: ({ lag, unit }) => amount(lag, unit) },
    ],
    ({ source, name }) => `${source.stream} ${name}`,
    'No source reports its lag.',
  )

  constructor() {
    const note = h('p', { class: 'note' }, 'The input streams. Records count complete batches.')
    const explained = h(
      'p',
      { class: 'note' },
      'Data that the sources had at the newest batch and no complete batch has read. Receivers have no partitions.',
    )
    this.element = h(
      'div',
      {},
      section('Connectors', note, this.#connectors.element),
      section('Lag by partition', explained, this.#omitted, this.#parts.element),
    )
  }

  update({ overview }: Store): void {
    if (!overview) return
    const { connectors } = overview
    this.#now = overview.status.now
    this.#connectors.update(connectors)
    this.#parts.update(
      connectors.flatMap((source) => {
        const { lag } = source
        return lag ? lag.parts.map((part) => ({ ...part, source, unit: lag.unit })) : []
      }),
    )
    const omitted = connectors.reduce((sum, { lag }) => sum + (lag?.partsOmitted ?? 0), 0)
    this.#omitted.hidden = omitted === 0
    setText(this.#omitted, `${plural(omitted, 'partition')} with smaller lags are not listed.`)
  }
}

function amountOf({ total, unit, bytes: held }: InputLag): string {
  return `${amount(total, unit)}${held === undefined ? '' : `, ${bytes(held)}`}`
}

function amount(n: number, unit: InputLag['unit']): string {
  return unit === 'bytes' ? bytes(n) : plural(n, unit.slice(0, -1))
}

function position(at: number | string | undefined): string {
  return typeof at === 'number' ? count(at) : (at ?? '–')
}
