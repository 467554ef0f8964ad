import { h, setText } from '../dom.js'

/** A figure with its name: `set` changes the figure, a note below it, and whether it needs attention. */
export class Tile {
  readonly element: HTMLElement
  readonly #value = h('dd', { class: 'value' })
  readonly #note = h('dd', { class: 'note' })

  constructor(name: string, hint?: string) {
    this.element = h('div', { class: 'tile' }, h('dt', { title: hint }, name), this.#value, this.#note)
  }

  set(value: string, note = '', tone: 'calm' | 'warn' | 'bad' = 'calm'): void {
    setText(this.#value, value)
    setText(this.#note, note)
    if (this.element.dataset.tone !== tone) this.element.dataset.tone = tone
  }
}

export function tiles(...all: readonly Tile[]): HTMLElement {
  return h('dl', { class: 'tiles' }, ...all.map(({ element }) => element))
}

export function section(title: string, ...children: readonly Node[]): HTMLElement {
  return h('section', { class: 'block' }, h('h2', {}, title), ...children)
}
