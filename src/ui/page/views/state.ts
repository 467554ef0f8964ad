import type { StateOfKey, StateStatus } from '../../../engine/status/streams-status.js'
import { h, setText } from '../dom.js'
import { bytes, count, dateAndMoment } from '../format.js'
import { question } from '../question.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'
import type { View } from './view.js'

const LONGEST_KEY = 1024

type Answer = Omit<StateOfKey, 'value'> & { readonly value?: unknown; readonly error?: { readonly message: string } }

/** The sizes of all keyed state, and a form that looks up the state of a key. */
export class StateView implements View {
  readonly title = 'State'
  readonly element: HTMLElement
  readonly #table = stateTable()
  readonly #held = h('p', { class: 'figures', hidden: true })
  readonly #lookUp = new LookUp()

  constructor() {
    const note =
      'Keyed state lives in the worker threads. A dead thread’s state is rebuilt from its newest snapshot and the versions since.'
    this.element = h(
      'section',
      { class: 'block' },
      h('h2', {}, this.title),
      h('p', { class: 'note' }, note),
      this.#held,
      this.#table.element,
      this.#lookUp.element,
    )
  }

  update({ overview }: Store): void {
    if (!overview) return
    const { states, memory } = overview.status
    const { stateHeld: held } = memory
    this.#held.hidden = held === undefined
    if (held)
      setText(
        this.#held,
        `${bytes(held.memory)} in the memory of threads, ${bytes(held.files)} only in files (stateMemory)`,
      )
    this.#table.update(states)
    this.#lookUp.update(states)
  }
}

function stateTable(): Table<StateStatus> {
  return new Table<StateStatus>(
    'State',
    [
      { head: 'Operation', cell: ({ label }) => label },
      { head: 'Partitions', numeric: true, cell: ({ partitions }) => count(partitions) },
      { head: 'Keys', hint: 'As of the newest snapshots.', numeric: true, cell: ({ keys }) => count(keys) },
      { head: 'Snapshots', numeric: true, cell: (row) => bytes(row.bytes) },
      { head: 'Newest version', cell: ({ version }) => dateAndMoment(version) },
      {
        head: 'Newest snapshot',
        hint: 'The oldest of the newest snapshots of all partitions.',
        cell: ({ snapshot }) => dateAndMoment(snapshot),
      },
    ],
    ({ stream }) => String(stream),
    'No stream keeps state.',
  )
}

/** Asks for the state of one key. Nothing is asked until the form is sent, because each look-up is a job. */
class LookUp {
  readonly element: HTMLFormElement
  readonly #operation = h('select', { id: 'look-up-operation' })
  readonly #key = h('input', { id: 'look-up-key', maxlength: LONGEST_KEY, autocomplete: 'off', required: true })
  readonly #button = h('button', { type: 'submit' }, 'Look up')
  readonly #note = h('p', { class: 'note', role: 'status' })
  readonly #value = h('pre', { hidden: true, tabindex: 0, 'aria-label': 'State of the key' })

  constructor() {
    this.element = question(
      () => this.#ask(),
      h('h3', {}, 'Look up a key'),
      h('label', { for: 'look-up-operation' }, 'Operation'),
      this.#operation,
      h('label', { for: 'look-up-key' }, 'Key, as JSON or text'),
      this.#key,
      this.#button,
      this.#note,
      this.#value,
    )
  }

  /** Offers the operations; a choice survives. */
  update(states: readonly StateStatus[]): void {
    this.element.hidden = states.length === 0
    const known = Array.from(this.#operation.options, ({ value }) => value).join()
    if (known === states.map(({ stream }) => stream).join()) return
    const chosen = this.#operation.value
    this.#operation.replaceChildren(
      ...states.map(({ stream, label }) => h('option', { value: stream }, `${label} (stream ${stream})`)),
    )
    if (states.some(({ stream }) => String(stream) === chosen)) this.#operation.value = chosen
  }

  async #ask(): Promise<void> {
    this.#button.disabled = true
    try {
      const path = `api/v1/state/${this.#operation.value}?key=${encodeURIComponent(this.#key.value)}`
      const response = await fetch(path)
      const answer = (await response.json()) as Answer
      if (answer.error) this.#show(answer.error.message)
      else if (!answer.found) this.#show(`The key has no state in the version of ${dateAndMoment(answer.version)}.`)
      else this.#show(`In the version of ${dateAndMoment(answer.version)}:`, JSON.stringify(answer.value, null, 2))
    } catch {
      this.#show('The look-up did not reach the streams.')
    } finally {
      this.#button.disabled = false
    }
  }

  #show(note: string, value?: string): void {
    setText(this.#note, note)
    this.#value.hidden = value === undefined
    setText(this.#value, value ?? '')
  }
}
