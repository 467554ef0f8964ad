import type { ExecutorStatus } from '../../../engine/status/streams-status.js'
import { h } from '../dom.js'
import { bytes, count } from '../format.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'

/** The executors of a cluster, and a link to its own page. */
export class Executors {
  readonly element: HTMLElement
  readonly #link = h('a', { rel: 'noreferrer', hidden: true }, 'The cluster’s own page')
  readonly #table = new Table<ExecutorStatus>(
    'Executors',
    [
      { head: 'Executor', cell: ({ id }) => id },
      { head: 'Address', cell: ({ address }) => address },
      { head: 'Cores', numeric: true, cell: ({ cores }) => count(cores) },
      {
        head: 'Running tasks',
        hint: 'A Node process runs each task.',
        numeric: true,
        cell: ({ tasks }) => count(tasks),
      },
      { head: 'Completed tasks', numeric: true, cell: ({ completed }) => count(completed) },
      { head: 'Failed attempts', numeric: true, cell: ({ failed }) => count(failed) },
      {
        head: 'Node processes',
        hint: 'They stay for later tasks.',
        numeric: true,
        cell: ({ processes }) => count(processes),
      },
      {
        head: 'Ended processes',
        hint: 'Ended by a signal, a fault or a cancelled task. The next task without a process starts another one.',
        numeric: true,
        cell: ({ endedProcesses }) => count(endedProcesses),
      },
      { head: 'Stored', numeric: true, cell: ({ storedBytes }) => bytes(storedBytes) },
    ],
    ({ id }) => id,
    'No executor has answered yet.',
  )

  constructor() {
    this.element = h('div', {}, this.#table.element, h('p', { class: 'note' }, this.#link))
  }

  update({ overview }: Store): void {
    const { ui, executors = [] } = overview?.status.cluster ?? {}
    this.#table.update(executors)
    this.#link.hidden = ui === undefined
    if (ui !== undefined) this.#link.href = ui
  }
}
