import type { BatchRow } from '../../collect/rows.js'
import { TimelineChart } from '../chart.js'
import { h } from '../dom.js'
import { duration, short } from '../format.js'
import type { Store } from '../store.js'
import { SourceLegend } from './source-legend.js'

/** Sources that get a line of their own. */
const MOST_SOURCES = 4

/** The four timelines of Spark's page: input rate, processing time, scheduling delay, total delay. */
export class Timelines {
  readonly element = h('div', { class: 'timelines' })
  readonly #processing = new TimelineChart({
    title: 'Processing time',
    hint: 'Time from the first output of a batch to its last. Above the batch interval, batches fall behind.',
    lines: [
      { label: 'processing', colour: '--accent' },
      { label: 'batch interval', colour: '--warn', dashed: true },
    ],
    format: duration,
  })
  readonly #scheduling = new TimelineChart({
    title: 'Scheduling delay',
    hint: 'Time that a batch waited for the batches before it.',
    lines: [{ label: 'scheduling delay', colour: '--accent' }],
    format: duration,
  })
  readonly #total = new TimelineChart({
    title: 'Total delay',
    hint: 'Scheduling delay and processing time.',
    lines: [{ label: 'total delay', colour: '--accent' }],
    format: duration,
  })
  #input: TimelineChart | undefined
  #legend: SourceLegend | undefined
  #sources = -1

  update(store: Store): void {
    const rows = store.completed
    const interval = store.overview?.status.batchInterval ?? 1000
    const times = rows.map(({ time }) => time)
    this.#updateInput(rows, times, interval)
    const limit = rows.map(() => interval)
    this.#processing.update(times, [rows.map(({ processingDelay = null }) => processingDelay), limit], interval * 1.1)
    this.#scheduling.update(times, [rows.map(({ schedulingDelay = null }) => schedulingDelay)])
    this.#total.update(times, [rows.map(({ totalDelay = null }) => totalDelay)])
  }

  #updateInput(rows: readonly BatchRow[], times: readonly number[], interval: number): void {
    const inputs = rows.at(-1)?.inputs ?? []
    const sources = inputs.slice(0, MOST_SOURCES)
    if (!this.#input || this.#sources !== sources.length) {
      this.#sources = sources.length
      this.#input = new TimelineChart({
        title: 'Input rate',
        hint: 'Records per second, of all sources and of each. Dashed: the limit by back-pressure.',
        lines: [
          { label: 'all sources', colour: '--accent' },
          ...(sources.length > 1 ? sources.map(({ name }, at) => ({ label: name, colour: `--source-${at}` })) : []),
          { label: 'limit', colour: '--warn', dashed: true },
        ],
        format: (value) => `${short(value)}/s`,
      })
      const colours = sources.length > 1 ? sources.map((_, at) => `--source-${at}`) : []
      this.#legend = new SourceLegend(sources, colours)
      this.#input.element.append(this.#legend.element)
      const charts = [this.#input, this.#processing, this.#scheduling, this.#total]
      this.element.replaceChildren(...charts.map(({ element }) => element))
    }
    this.#legend!.update(inputs, interval)
    const perSecond = (records = 0) => (records * 1000) / interval
    const of = (stream: number) => rows.map(({ inputs }) => perSecond(inputs.find((i) => i.stream === stream)?.records))
    const limits = rows.map(({ inputs }) => {
      const rates = inputs.flatMap(({ rate }) => (rate === undefined ? [] : [rate]))
      return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0)
    })
    const each = sources.length > 1 ? sources.map(({ stream }) => of(stream)) : []
    this.#input.update(times, [rows.map(({ records }) => perSecond(records)), ...each, limits])
  }
}
