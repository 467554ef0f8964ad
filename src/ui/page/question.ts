import { h } from './dom.js'

/** A form that asks the streams something when it is sent, and not before. */
export function question(ask: () => Promise<void>, ...children: readonly (Node | string)[]): HTMLFormElement {
  const onsubmit = (event: Event) => {
    event.preventDefault()
    void ask()
  }
  return h('form', { class: 'look-up', onsubmit }, ...children)
}
