import type { ThreadStatus } from '../../../engine/status/streams-status.js'
import type { SlotRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { moment, percent, plural } from '../format.js'
import type { Store } from '../store.js'

/** The worker threads, one card a slot: state, busy share, restarts, and why the last one ended. */
export class Threads {
  readonly element = h('ul', { class: 'threads' })
  readonly #cards = new Map<number, Card>()

  update(store: Store): void {
    const { overview } = store
    if (!overview) return
    const { threads, options } = overview.status
    const slots = Array.from({ length: Number(options.threads ?? 0) }, (_, slot) => slot)
    if (options.spare === true) slots.push(-1)
    for (const slot of slots) {
      let card = this.#cards.get(slot)
      if (!card) {
        card = new Card(slot)
        this.#cards.set(slot, card)
        this.element.append(card.element)
      }
      const thread = threads.find((other) => other.slot === slot && other.state !== 'dead')
      const history = overview.slots.find((other) => other.slot === slot)
      card.update(thread, history, thread && store.busyOf(thread.id), overview.chaos)
    }
  }
}

class Card {
  readonly element: HTMLLIElement
  readonly #slot: number
  readonly #state = h('span', { class: 'state' })
  readonly #meter = h('meter', { min: 0, max: 1, value: 0 })
  readonly #busy = h('span', { class: 'busy' })
  readonly #note = h('p', { class: 'note' })
  readonly #button: HTMLButtonElement
  #terminating = false

  constructor(slot: number) {
    this.#slot = slot
    const name = slot < 0 ? 'Spare' : `Thread ${slot}`
    this.#meter.setAttribute('aria-label', `Busy share of ${name}`)
    this.#button = h('button', { type: 'button', onclick: () => void this.#terminate() }, 'Terminate')
    this.#button.setAttribute('aria-label', `Terminate ${name}`)
    this.element = h(
      'li',
      { class: 'thread', 'data-slot': slot },
      h('div', { class: 'heading' }, h('h3', {}, name), this.#state),
      h('div', { class: 'busy-row' }, this.#meter, this.#busy),
      this.#note,
      this.#button,
    )
  }

  update(thread: ThreadStatus | undefined, past: SlotRow | undefined, busy: number | undefined, chaos: boolean): void {
    const state = thread?.state ?? 'missing'
    setText(this.#state, state === 'ready' && this.#slot >= 0 && (thread?.tasks ?? 0) > 0 ? 'running' : state)
    this.element.dataset.state = state
    this.#meter.value = busy ?? 0
    setText(this.#busy, percent(busy))
    const restarts = past?.restarts ?? 0
    const last = past?.lastReason ? ` · last: ${past.lastReason} at ${moment(past.lastAt)}` : ''
    setText(this.#note, restarts === 0 ? 'no restart' : `${plural(restarts, 'restart')}${last}`)
    this.#button.hidden = !chaos || this.#slot < 0
    this.#button.disabled = state !== 'ready' || this.#terminating
  }

  async #terminate(): Promise<void> {
    this.#terminating = true
    this.#button.disabled = true
    try {
      const headers = { 'X-Millrace-Request': '1' }
      await fetch(`api/v1/threads/${this.#slot}/terminate`, { method: 'POST', headers })
    } finally {
      this.#terminating = false
    }
  }
}
