import type { RecoveryRow } from '../../collect/rows.js'
import { h, setText } from '../dom.js'
import { count, duration, moment, short, uptime } from '../format.js'
import { quantile } from '../statistics.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'
import { Executors } from './executors.js'
import { Memory } from './memory.js'
import { Threads } from './threads.js'
import { section, Tile, tiles } from './tiles.js'
import { Timelines } from './timelines.js'
import type { View } from './view.js'

/** Newest batches that decide whether the stream keeps up. */
const RECENT = 10

/** The first page. */
export class OverviewView implements View {
  readonly title = 'Overview'
  readonly element: HTMLElement
  readonly #health = new Tile('Stability', 'Whether batches take less time than their interval.')
  readonly #rate = new Tile('Input rate', 'Records per second of the newest batches.')
  readonly #processing = new Tile('Processing time', 'Median of the newest batches.')
  readonly #scheduling = new Tile('Scheduling delay', 'Of the newest batch.')
  readonly #total = new Tile('Total delay p99', 'Of all batches that the page has.')
  readonly #batches = new Tile('Batches', 'Completed since the start.')
  readonly #reason = h('p', { class: 'reason', hidden: true })
  readonly #timelines = new Timelines()
  readonly #threads = new Threads()
  readonly #executors = new Executors()
  readonly #workers = {
    threads: section('Threads', this.#threads.element),
    executors: section('Executors', this.#executors.element),
  }
  readonly #memory = new Memory()
  readonly #recovery = new Table<RecoveryRow>(
    'Recovery log',
    [
      { head: 'Time', cell: ({ at }) => moment(at) },
      { head: 'Slot', cell: ({ slot }) => (slot < 0 ? 'spare' : String(slot)) },
      { head: 'Reason', cell: ({ reason }) => reason },
      { head: 'Blocks lost', numeric: true, cell: ({ blocksLost }) => count(blocksLost) },
      {
        head: 'Blocks adopted',
        hint: 'Blocks that got another owner.',
        numeric: true,
        cell: (row) => count(row.blocksReplicated),
      },
      { head: 'Blocks recomputed', numeric: true, cell: ({ blocksRecomputed }) => count(blocksRecomputed) },
      { head: 'States rebuilt', numeric: true, cell: ({ statesRebuilt }) => count(statesRebuilt) },
      { head: 'Tasks retried', numeric: true, cell: ({ tasksRetried }) => count(tasksRetried) },
      {
        head: 'Restored after',
        hint: 'Time until all threads and the spare were ready.',
        numeric: true,
        cell: ({ restoredAfter }) => (restoredAfter === undefined ? 'recovering…' : duration(restoredAfter)),
      },
    ],
    ({ id }) => String(id),
    'No thread has died.',
  )

  constructor() {
    this.element = h(
      'div',
      {},
      tiles(this.#health, this.#rate, this.#processing, this.#scheduling, this.#total, this.#batches),
      this.#reason,
      section('Timelines', this.#timelines.element),
      this.#workers.threads,
      this.#workers.executors,
      section('Memory', this.#memory.element),
      section('Recovery log', this.#recovery.element),
    )
  }

  update(store: Store): void {
    const { overview } = store
    if (!overview) return
    this.#updateTiles(store)
    this.#timelines.update(store)
    this.#workers.threads.hidden = overview.status.cluster !== undefined
    this.#workers.executors.hidden = overview.status.cluster === undefined
    this.#threads.update(store)
    this.#executors.update(store)
    this.#memory.update(overview.status.memory)
    this.#recovery.update(overview.recovery)
  }

  #updateTiles(store: Store): void {
    const { status, totals, startedAt, lagging } = store.overview!
    const { batchInterval, now } = status
    const all = store.completed
    const recent = all.slice(-RECENT)
    const times = recent.flatMap(({ processingDelay }) => processingDelay ?? [])
    const median = quantile(times, 0.5)
    const isUnstable = median !== undefined && median > batchInterval
    const behind = store.batches.length - all.length
    if (lagging !== undefined) this.#health.set('Behind', `by ${duration(lagging.behind)}`, 'bad')
    else if (isUnstable) this.#health.set('Unstable', 'batches take longer than their interval', 'bad')
    else
      this.#health.set(
        all.length > 0 ? 'Keeping up' : 'Starting',
        `up ${startedAt === undefined ? '–' : uptime(now - startedAt)}`,
      )
    this.#reason.hidden = lagging === undefined
    setText(this.#reason, lagging?.reason ?? '')
    const records = recent.reduce((sum, row) => sum + row.records, 0)
    const rate = recent.length > 0 ? (records * 1000) / (recent.length * batchInterval) : undefined
    this.#rate.set(`${short(rate)}/s`, `${count(totals.records)} records in all`)
    const busy = median === undefined ? '' : `${Math.round((median / batchInterval) * 100)} % of the interval`
    this.#processing.set(duration(median), busy, isUnstable ? 'bad' : 'calm')
    const waiting = behind > 1 ? `${count(behind)} batches wait or run` : 'no batch waits'
    this.#scheduling.set(duration(recent.at(-1)?.schedulingDelay), waiting, behind > 3 ? 'warn' : 'calm')
    const delays = all.flatMap(({ totalDelay }) => totalDelay ?? [])
    this.#total.set(duration(quantile(delays, 0.99)), `p50 ${duration(quantile(delays, 0.5))}`)
    this.#batches.set(
      count(totals.completed),
      totals.failed > 0 ? `${count(totals.failed)} failed` : 'none failed',
      totals.failed > 0 ? 'warn' : 'calm',
    )
  }
}
