import type { Lineage, LineageBlock, LineageStep } from '../../../engine/status/lineage.js'
import { h, setText } from '../dom.js'
import { bytes, dateAndMoment, plural } from '../format.js'
import { question } from '../question.js'

/** Partitions and blocks that a step names. */
const MOST_NAMED = 8

type Answer = Lineage & { readonly error?: { readonly message: string } }

/** Asks for the lineage of one partition of the chosen stream. Nothing is asked until the form is sent. */
export class PartitionLineage {
  readonly element: HTMLElement
  readonly #partition = h('input', { id: 'partition', type: 'number', min: 0, max: 999_999, value: 0, required: true })
  readonly #note = h('p', { class: 'note', role: 'status' })
  readonly #steps = h('ol', { class: 'partition-lineage' })
  #stream: number | undefined

  constructor() {
    this.element = question(
      () => this.#ask(),
      h('label', { for: 'partition' }, 'Partition'),
      this.#partition,
      h('button', { type: 'submit' }, 'Show lineage'),
      this.#note,
      this.#steps,
    )
  }

  /** Chooses the stream to ask about. Removes the steps of another one. */
  choose(stream: number | undefined): void {
    if (stream === this.#stream) return
    this.#stream = stream
    this.#steps.replaceChildren()
    setText(this.#note, 'Shows the blocks, files and offsets behind one partition of the newest batch.')
  }

  async #ask(): Promise<void> {
    const stream = this.#stream
    if (stream === undefined) return
    const found = await answerOf(`api/v1/lineage/${stream}?partition=${this.#partition.value}`)
    if (stream !== this.#stream) return
    const { error, label, partition, time, steps, truncated } = found
    this.#steps.replaceChildren(...(error ? [] : steps.map((step) => itemOf(step, steps))))
    const end = truncated ? ' It is longer than listed.' : ''
    setText(
      this.#note,
      error?.message ?? `Partition ${partition} of ${label}, in the batch of ${dateAndMoment(time, 1)}.${end}`,
    )
  }
}

async function answerOf(path: string): Promise<Pick<Answer, 'error'> & Answer> {
  try {
    return await (await fetch(path)).json()
  } catch {
    return { error: { message: 'The page cannot be reached. Try again.' } } as Answer
  }
}

function itemOf(
  { rdd, label, partitions, of, parents, sources, blocks, omitted }: LineageStep,
  all: readonly LineageStep[],
) {
  const names = new Map(all.map((step) => [step.rdd, step.label]))
  const nameOf = (id: number) => `${names.get(id) ?? 'a dataset'} (${id})`
  const read = parents.map((parent) =>
    h('li', {}, h('span', { class: `dependency ${parent.kind}` }, parent.kind), ` ${nameOf(parent.rdd)}`),
  )
  const more = omitted > 0 ? [h('li', {}, `${plural(omitted, 'entry', 'entries')} more`)] : []
  return h(
    'li',
    {},
    h('strong', {}, `${label} (${rdd})`),
    ` ${partitions.length === 1 ? 'partition' : 'partitions'} ${listed(partitions)} of ${of}`,
    h(
      'ul',
      {},
      ...read,
      ...sources.map((source) => h('li', {}, `reads ${source}`)),
      ...blocks.slice(0, MOST_NAMED).map((block) => h('li', {}, textOf(block))),
      ...(blocks.length > MOST_NAMED ? [h('li', {}, `${plural(blocks.length - MOST_NAMED, 'block')} more`)] : []),
      ...more,
    ),
  )
}

function textOf({ kind, partition, bytes: size, slots }: LineageBlock): string {
  const threads = slots.map((slot) => (slot < 0 ? 'the spare thread' : `thread ${slot}`))
  const elsewhere = kind === 'state' ? 'no thread now' : 'the driver or a file'
  const where = threads.length > 0 ? threads.join(' and ') : elsewhere
  return `${kind} of partition ${partition}${size === undefined ? '' : `, ${bytes(size)}`}, in ${where}`
}

function listed(partitions: readonly number[]): string {
  const named = partitions.slice(0, MOST_NAMED).join(', ')
  return partitions.length > MOST_NAMED ? `${named} and ${partitions.length - MOST_NAMED} more` : named
}
