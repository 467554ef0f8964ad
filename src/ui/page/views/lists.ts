import type { PersistedStatus } from '../../../engine/status/streams-status.js'
import type { CheckpointRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { bytes, count, dateAndMoment, duration } from '../format.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'
import type { View } from './view.js'

/** A page with one table. */
class ListView<R> implements View {
  readonly title: string
  readonly element: HTMLElement
  readonly #note = h('p', { class: 'note' })
  readonly #table: Table<R>
  readonly #rows: (store: Store) => readonly R[]
  readonly #describe: (store: Store) => string

  constructor(
    title: string,
    table: Table<R>,
    rows: (store: Store) => readonly R[],
    describe: (store: Store) => string,
  ) {
    this.title = title
    this.#table = table
    this.#rows = rows
    this.#describe = describe
    this.element = h('section', { class: 'block' }, h('h2', {}, title), this.#note, table.element)
  }

  update(store: Store): void {
    if (!store.overview) return
    setText(this.#note, this.#describe(store))
    this.#table.update(this.#rows(store))
  }
}

export function storageView(): View {
  const table = new Table<PersistedStatus>(
    'Storage',
    [
      { head: 'Dataset', cell: ({ rdd, label }) => `${label} (${rdd})` },
      { head: 'Level', cell: ({ level }) => level },
      { head: 'Partitions', numeric: true, cell: ({ partitions }) => count(partitions) },
      { head: 'In memory', numeric: true, cell: ({ memoryBytes }) => bytes(memoryBytes) },
      { head: 'In files', numeric: true, cell: ({ diskBytes }) => bytes(diskBytes) },
    ],
    ({ rdd }) => String(rdd),
    'No dataset is persisted.',
  )
  return new ListView(
    'Storage',
    table,
    ({ overview }) => overview!.status.persisted,
    () => 'Persisted datasets, whose partitions are computed once.',
  )
}

export function checkpointsView(): View {
  const table = new Table<CheckpointRow>(
    'Checkpoints',
    [
      { head: 'Batch', cell: ({ time }) => dateAndMoment(time) },
      { head: 'Written', numeric: true, cell: (row) => bytes(row.bytes) },
      { head: 'Duration', numeric: true, cell: ({ ms }) => duration(ms) },
      { head: 'Error', cell: ({ error = '' }) => error },
    ],
    ({ time, error }) => `${time} ${error ?? ''}`,
    'No checkpoint has been written.',
  )
  const describe = ({ overview }: Store) => {
    const { checkpointDir } = overview!.status
    return checkpointDir === undefined ? 'The streams have no checkpoint directory.' : `Directory: ${checkpointDir}`
  }
  return new ListView('Checkpoints', table, ({ overview }) => overview!.checkpoints, describe)
}

export function configurationView(): View {
  const table = new Table<[string, string | number | boolean]>(
    'Configuration',
    [
      { head: 'Option', cell: ([name]) => name },
      { head: 'Value', cell: ([, value]) => String(value) },
    ],
    ([name]) => name,
  )
  const rows = ({ overview }: Store) => Object.entries(overview!.status.options).sort(([a], [b]) => a.localeCompare(b))
  return new ListView('Configuration', table, rows, () => 'Options of the context, with their defaults.')
}
