import type { Spread, StageInfo, TaskFigures } from '../../../engine/progress/job-info.js'
import type { BatchDetails, ErrorText, InputRow, JobRow, OutputRow } from '../../collect/rows.js'
import { type Child, h, setText } from '../dom.js'
import { bytes, count, dateAndMoment, duration } from '../format.js'
import type { Store } from '../store.js'
import { Table } from '../table.js'
import { section, Tile, tiles } from './tiles.js'
import type { View } from './view.js'

/** One batch: its inputs, outputs, jobs, stages and errors. */
export class BatchView implements View {
  readonly title = 'Batch'
  readonly element: HTMLElement
  readonly #time: string
  readonly #head = h('h2')
  readonly #body = h('div')
  #details: BatchDetails | undefined
  #isLoading = false
  #shown = ''

  constructor(time: string) {
    this.#time = time
    this.element = h('div', {}, h('p', {}, h('a', { href: '#/batches' }, '← All batches')), this.#head, this.#body)
  }

  update(store: Store): void {
    setText(this.#head, `Batch ${dateAndMoment(Number(this.#time), store.overview?.status.batchInterval)}`)
    const status = this.#details?.status
    if (this.#isLoading || status === 'completed' || status === 'failed' || store.connection === 'stopped') return
    void this.#load()
  }

  async #load(): Promise<void> {
    this.#isLoading = true
    try {
      const response = await fetch(`api/v1/batches/${encodeURIComponent(this.#time)}`)
      const body = await response.json()
      if (response.ok) this.#show(body)
      else this.#body.replaceChildren(h('p', { class: 'empty' }, body.error.message))
    } finally {
      this.#isLoading = false
    }
  }

  #show(details: BatchDetails): void {
    this.#details = details
    const text = JSON.stringify(details)
    if (text === this.#shown) return
    this.#shown = text
    this.#body.replaceChildren(summary(details), ...parts(details))
  }
}

function summary({ status, records, schedulingDelay, processingDelay, totalDelay }: BatchDetails): HTMLElement {
  const all: [string, string][] = [
    ['Status', status],
    ['Input', `${count(records)} records`],
    ['Scheduling delay', duration(schedulingDelay)],
    ['Processing time', duration(processingDelay)],
    ['Total delay', duration(totalDelay)],
  ]
  const made = all.map(([name, value]) => {
    const tile = new Tile(name)
    tile.set(value, '', value === 'failed' ? 'bad' : 'calm')
    return tile
  })
  return tiles(...made)
}

function parts({ inputs, outputs, jobs, jobsOmitted }: BatchDetails): HTMLElement[] {
  const inputTable = new Table<InputRow>(
    'Inputs',
    [
      { head: 'Source', cell: ({ name }) => name },
      { head: 'Records', numeric: true, cell: ({ records }) => count(records) },
      { head: 'Bytes', numeric: true, cell: (row) => bytes(row.bytes) },
      { head: 'Files and offsets', cell: ({ description = '' }) => description },
    ],
    ({ stream }) => String(stream),
    'The batch has no input.',
  )
  inputTable.update(inputs)
  const outputTable = new Table<OutputRow>(
    'Output operations',
    [
      { head: 'Output', numeric: true, cell: ({ id }) => String(id) },
      { head: 'Operation', cell: ({ label }) => label },
      { head: 'Duration', numeric: true, cell: ({ ms }) => duration(ms) },
      { head: 'Status', cell: ({ error }) => statusCell(error) },
      { head: 'Error', cell: ({ id, error }) => errorCell(String(id), error) },
    ],
    ({ id }) => String(id),
    'No output has run yet.',
  )
  outputTable.update(outputs)
  const omitted = jobsOmitted > 0 ? [h('p', { class: 'note' }, `${count(jobsOmitted)} further jobs are not kept.`)] : []
  return [
    section('Inputs', inputTable.element),
    section('Output operations', outputTable.element),
    section('Jobs', jobTable(jobs), ...omitted),
    ...jobs.filter(({ stages }) => stages.length > 0).map(stagesOf),
  ]
}

function jobTable(jobs: readonly JobRow[]): HTMLElement {
  const table = new Table<JobRow>(
    'Jobs',
    [
      { head: 'Job', numeric: true, cell: ({ id }) => String(id) },
      { head: 'Output', numeric: true, cell: ({ output }) => (output === undefined ? '–' : String(output)) },
      { head: 'Operation', cell: ({ label }) => label },
      { head: 'Duration', numeric: true, cell: ({ ms }) => duration(ms) },
      {
        head: 'Stages succeeded',
        numeric: true,
        cell: ({ stages }) => `${stages.filter(isDone).length}/${stages.length}`,
      },
      {
        head: 'Tasks succeeded',
        numeric: true,
        cell: ({ stages }) => `${total(stages, 'finished')}/${total(stages, 'tasks')}`,
      },
      { head: 'Status', cell: ({ error }) => statusCell(error) },
      { head: 'Error', cell: ({ id, error }) => errorCell(`job ${id}`, error) },
    ],
    ({ id }) => String(id),
    'The batch has run no job.',
  )
  table.update(jobs)
  return table.element
}

const SPREADS = ['min', 'p25', 'median', 'p75', 'max'] as const

/** The stages of a job, with the distribution of their tasks: as in Spark, minimum, quartiles and maximum. */
function stagesOf({ id, stages }: JobRow): HTMLElement {
  const figures: [string, (stage: StageInfo) => Spread | undefined, (n: number) => string][] = [
    ['run time', ({ runMs }) => runMs, duration],
    ['records', ({ taskRecords }) => taskRecords, count],
    ['bytes written', ({ taskBytes }) => taskBytes, bytes],
  ]
  const rows = stages.flatMap((stage) =>
    figures.map(([name, of, format]) => ({ stage, name, spread: of(stage), format })),
  )
  const table = new Table<(typeof rows)[number]>(
    `Stages of job ${id}`,
    [
      { head: 'Stage', cell: ({ stage }) => `${stage.id} ${stage.kind}` },
      { head: 'Operation', cell: ({ stage }) => stage.label },
      { head: 'Tasks', numeric: true, cell: ({ stage }) => `${stage.finished}/${stage.tasks}` },
      { head: 'Extra attempts', numeric: true, cell: ({ stage }) => count(stage.extraAttempts) },
      {
        head: 'Start and time',
        numeric: true,
        cell: ({ stage }) => `+${duration(stage.startedAfter)}, ${duration(stage.ms)}`,
      },
      { head: 'Of each task', cell: ({ name }) => name },
      ...SPREADS.map((key) => ({
        head: key,
        numeric: true,
        cell: ({ spread, format }: (typeof rows)[number]) => (spread ? format(spread[key]) : '–'),
      })),
    ],
    ({ stage, name }) => `${stage.id} ${name}`,
  )
  table.update(rows)
  return section(`Stages of job ${id}`, table.element, ...stages.filter(({ finished }) => finished > 0).map(tasksOf))
}

/** The tasks of a stage, on demand. */
function tasksOf({ id, finished, longestTasks }: StageInfo): HTMLElement {
  const table = new Table<TaskFigures>(
    `Tasks of stage ${id}`,
    [
      { head: 'Partition', numeric: true, cell: ({ partition }) => String(partition) },
      { head: 'Thread', hint: 'The id of the thread.', numeric: true, cell: ({ thread }) => String(thread) },
      { head: 'Attempts', numeric: true, cell: ({ attempts }) => count(attempts) },
      { head: 'Run time', numeric: true, cell: ({ runMs }) => duration(runMs) },
      { head: 'Records read', numeric: true, cell: ({ records }) => count(records) },
      { head: 'Bytes written', numeric: true, cell: (task) => bytes(task.bytes) },
    ],
    ({ partition }) => String(partition),
    'The tasks of older batches are not kept.',
  )
  table.update([...longestTasks].sort((a, b) => a.partition - b.partition))
  const listed = longestTasks.length < finished ? `the ${count(longestTasks.length)} longest of ` : ''
  const summary = `Tasks of stage ${id}: ${listed}${count(finished)}`
  return h('details', { class: 'tasks' }, h('summary', {}, summary), table.element)
}

function isDone({ finished, tasks }: StageInfo): boolean {
  return finished === tasks
}

function total(stages: readonly StageInfo[], key: 'finished' | 'tasks'): number {
  return stages.reduce((sum, stage) => sum + stage[key], 0)
}

function statusCell(error: ErrorText | undefined): { readonly key: string; readonly make: () => Child } {
  const status = error ? 'failed' : 'completed'
  return { key: status, make: () => h('span', { class: `status ${status}` }, status) }
}

function errorCell(
  key: string,
  error: ErrorText | undefined,
): string | { readonly key: string; readonly make: () => Child } {
  if (!error) return ''
  const code = error.code ? ` (${error.code})` : ''
  const make = () =>
    h('details', {}, h('summary', {}, `${error.name}${code}: ${error.message}`), h('pre', { tabindex: 0 }, error.stack))
  return { key: `error of ${key}`, make }
}
