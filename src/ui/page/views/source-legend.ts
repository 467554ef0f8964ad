import type { InputRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { plural, short } from '../format.js'

/** The sources of the input rate with their colours, rates and limits. */
export class SourceLegend {
  readonly element = h('ul', { class: 'legend' })
  readonly #texts: Text[] = []
  readonly #more = h('li', { hidden: true })

  /** `colours`: the names of CSS variables. Without any, the sources share one line. */
  constructor(sources: readonly InputRow[], colours: readonly string[]) {
    for (const [at] of sources.entries()) {
      const text = document.createTextNode('')
      this.#texts.push(text)
      this.element.append(h('li', {}, colours[at] === undefined ? undefined : swatch(colours[at]), text))
    }
    this.element.append(this.#more)
  }

  /** `interval`: ms of a batch. */
  update(inputs: readonly InputRow[], interval: number): void {
    for (const [at, text] of this.#texts.entries()) {
      const { name, records = 0, rate } = inputs[at]!
      const limit = rate === undefined ? '' : `, limit ${short(rate)}/s`
      text.data = `${name}: ${short((records * 1000) / interval)}/s${limit}`
    }
    const more = inputs.length - this.#texts.length
    this.#more.hidden = more <= 0
    setText(this.#more, `${plural(more, 'source')} more: see Connectors`)
  }
}

function swatch(colour: string): HTMLElement {
  const element = h('span', { class: 'swatch', 'aria-hidden': 'true' })
  element.style.background = `var(${colour})`
  return element
}
