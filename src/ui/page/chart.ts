import uPlot from 'uplot'
import { h, setText, show, svg } from './dom.js'
import { moment } from './format.js'
import { histogram, niceMost, quantile } from './statistics.js'

export interface Line {
  readonly label: string
  /** The name of a CSS colour variable. */
  readonly colour: string
  readonly dashed?: boolean
}

export interface Timeline {
  readonly title: string
  readonly hint: string
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
}

const HEIGHT = 132
const BINS = 12
const SYNC = uPlot.sync('batches')

/** A timeline of batches with a histogram beside it. All timelines share their time axis and their cursor. */
export class TimelineChart {
  readonly element: HTMLElement
  readonly #of: Timeline
  readonly #plot = h('div', { class: 'plot' })
  readonly #bars = h('div', { class: 'bars' })
  readonly #figures = h('p', { class: 'figures' })
  readonly #chart = h('div', { class: 'chart', role: 'img' }, this.#plot, this.#bars)
  #uplot: uPlot | undefined
  #theme = ''

  constructor(of: Timeline) {
    this.#of = of
    this.element = h(
      'section',
      { class: 'timeline' },
      h('div', { class: 'heading' }, h('h3', { title: of.hint }, of.title), this.#figures),
      this.#chart,
    )
  }

  /** `values`: one row a line, beside the times in ms. `limit`: always inside of the picture. */
  update(times: readonly number[], values: readonly (readonly (number | null)[])[], limit = 0): void {
    const first = (values[0] ?? []).filter((value) => value !== null)
    const all = values.flat().filter((value) => value !== null)
    const most = niceMost(Math.max(limit, ...all, 0))
    this.#describe(first)
    const data = [times.map((time) => time / 1000), ...values.map((row) => [...row])] as unknown as uPlot.AlignedData
    const theme = getComputedStyle(document.documentElement).getPropertyValue('--ink')
    const width = this.#plot.clientWidth
    if (width === 0) return
    if (!this.#uplot || theme !== this.#theme) {
      this.#theme = theme
      this.#uplot?.destroy()
      this.#uplot = new uPlot(this.#options(width), data, this.#plot)
    }
    if (this.#uplot.width !== width) this.#uplot.setSize({ width, height: HEIGHT })
    this.#uplot.batch(() => {
      this.#uplot!.setData(data, true)
      this.#uplot!.setScale('y', { min: 0, max: most })
    })
    this.#drawBars(first, most)
  }

  #describe(values: readonly number[]): void {
    const { title, format } = this.#of
    const [newest, median, p99] = [values.at(-1), quantile(values, 0.5), quantile(values, 0.99)]
    const text = newest === undefined ? 'no batch yet' : `p50 ${format(median!)} · p99 ${format(p99!)}`
    setText(this.#figures, text)
    const label = `${title} of ${values.length} batches: ${newest === undefined ? text : `newest ${format(newest)}, ${text}`}`
    if (this.#chart.getAttribute('aria-label') !== label) this.#chart.setAttribute('aria-label', label)
  }

  #options(width: number): uPlot.Options {
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const { lines, format } = this.#of
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    }
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: SYNC.key }, y: false, points: { size: 6 } },
      scales: { x: { time: true }, y: { auto: false, range: (_, min, max) => [min ?? 0, max ?? 1] } },
      axes: [
        { ...axis, size: 26, space: 80, values: (_, ticks) => ticks.map((tick) => moment(tick * 1000)) },
        { ...axis, size: 64, space: 34, values: (_, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [
        {},
        ...lines.map(({ label, colour: name, dashed }, at) => ({
          label,
          stroke: colour(name),
          width: dashed ? 1 : 1.5,
          dash: dashed ? [5, 4] : [],
          fill: at === 0 ? `${colour(name)}1f` : undefined,
          points: { show: false },
          spanGaps: dashed ?? false,
        })),
      ],
    }
  }

  #drawBars(values: readonly number[], most: number): void {
    const counts = histogram(values, most, BINS)
    const top = Math.max(1, ...counts)
    const height = HEIGHT - 26
    const step = height / BINS
    const bars = counts.map((n, bin) =>
      svg('rect', {
        x: 0,
        y: height - (bin + 1) * step + 0.5,
        width: n === 0 ? 0 : Math.max(1, (n / top) * 100),
        height: step - 1,
      }),
    )
    show(
      this.#bars,
      svg(
        'svg',
        {
          viewBox: `0 0 100 ${HEIGHT}`,
          preserveAspectRatio: 'none',
          width: '100%',
          height: HEIGHT,
          'aria-hidden': 'true',
        },
        ...bars,
      ),
    )
  }
}
