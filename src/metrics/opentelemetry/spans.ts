import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api'
import type { EventName, Listener } from '../../engine/events/engine-events.js'
import type { SpanDetail } from './options.js'

type Api = typeof import('@opentelemetry/api')

const OF_BATCHES: readonly EventName[] = ['batchStarted', 'batchProgress', 'streamingStopped', 'contextStopped']
const OF_STAGES: readonly EventName[] = ['jobStarted', 'jobCompleted', 'stageStarted', 'stageCompleted']
const OF_TASKS: readonly EventName[] = ['taskStarted', 'taskEnded']

/** Turns events into spans: a batch, or a job outside of batches, with its stages and their tasks below it. */
export class Spans {
  /** The events that it needs. */
  readonly events: readonly EventName[]
  readonly #api: Api
  readonly #contexts = new Map<number, ContextSpans>()

  constructor(api: Api, detail: Exclude<SpanDetail, 'none'>) {
    this.#api = api
    this.events = [...OF_BATCHES, ...(detail === 'batch' ? [] : OF_STAGES), ...(detail === 'task' ? OF_TASKS : [])]
  }

  /** Returns the listener for the events of a context. */
  of(context: number): Listener {
    let spans = this.#contexts.get(context)
    if (!spans) this.#contexts.set(context, (spans = new ContextSpans(this.#api, context)))
    return spans.listener
  }

  /** Ends all open spans. */
  close(): void {
    for (const spans of this.#contexts.values()) spans.close()
    this.#contexts.clear()
  }
}

/** The open spans of one context. */
class ContextSpans {
  readonly #api: Api
  readonly #tracer: Tracer
  readonly #context: number
  readonly #batches = new Map<number, Span>()
  readonly #jobs = new Map<number, Span>()
  readonly #stages = new Map<number, Span>()
  readonly #tasks = new Map<string, Span>()

  constructor(api: Api, context: number) {
    this.#api = api
    this.#tracer = api.trace.getTracer('millrace')
    this.#context = context
  }

  readonly listener: Listener = {
    batchStarted: ({ time, records, schedulingDelay = 0 }) => {
      const attributes = { 'millrace.batch.time': time, 'millrace.batch.scheduling_delay': schedulingDelay / 1000 }
      this.#start(this.#batches, time, 'millrace batch', { ...attributes, 'millrace.batch.records': records })
    },
    batchProgress: ({ time, status, records, outputs, phases }) => {
      const attributes: Attributes = { 'millrace.batch.status': status, 'millrace.batch.records': records }
      for (const [phase, ms] of Object.entries(phases)) attributes[`millrace.batch.${phase}`] = ms / 1000
      const error = outputs.find((output) => output.error)?.error
      this.#end(this.#batches, time, attributes, error ?? (status === 'succeeded' ? undefined : status))
    },
    jobStarted: ({ id, batchTime, label }) => {
      // The span of a batch is the parent of its stages.
      if (batchTime !== undefined && this.#batches.has(batchTime)) return
      this.#start(this.#jobs, id, `millrace job ${operationOf(label)}`, { 'millrace.job.id': id })
    },
    jobCompleted: ({ id, error }) => this.#end(this.#jobs, id, {}, error),
    stageStarted: ({ id, job, batchTime, kind, label, tasks }) => {
      const parent = this.#batches.get(batchTime ?? Number.NaN) ?? this.#jobs.get(job)
      const attributes = { 'millrace.job.id': job, 'millrace.stage.kind': kind, 'millrace.stage.tasks': tasks }
      this.#start(this.#stages, id, `millrace stage ${kind} ${operationOf(label)}`, attributes, parent)
    },
    stageCompleted: ({ id, records, bytes, error }) => {
      this.#end(this.#stages, id, { 'millrace.stage.records': records, 'millrace.stage.bytes': bytes }, error)
    },
    taskStarted: ({ stage, partition, attempt, label, thread }) => {
      const attributes = { 'millrace.task.partition': partition, 'millrace.task.attempt': attempt }
      const key = `${stage}.${partition}.${attempt}`
      const name = `millrace task ${operationOf(label)}`
      this.#start(this.#tasks, key, name, { ...attributes, 'millrace.thread': thread }, this.#stages.get(stage))
    },
    taskEnded: ({ stage, partition, attempt, status, records, shuffleBytes, ms, error }) => {
      const attributes = {
        'millrace.task.status': status,
        'millrace.task.records': records,
        'millrace.task.shuffle_bytes': shuffleBytes,
        'millrace.task.run_time': ms / 1000,
      }
      this.#end(this.#tasks, `${stage}.${partition}.${attempt}`, attributes, error)
    },
    streamingStopped: () => this.close(),
    contextStopped: () => this.close(),
  }

  /** Ends the spans whose ends were not reported, such as those of an abandoned batch. */
  close(): void {
    for (const spans of [this.#tasks, this.#stages, this.#jobs, this.#batches]) {
      for (const span of spans.values()) span.end()
      spans.clear()
    }
  }

  #start<K>(spans: Map<K, Span>, key: K, name: string, attributes: Attributes, parent?: Span): void {
    const { ROOT_CONTEXT, trace } = this.#api
    const context: Context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const all = { 'millrace.context': this.#context, ...attributes }
    spans.set(key, this.#tracer.startSpan(name, { attributes: all }, context))
  }

  #end<K>(spans: Map<K, Span>, key: K, attributes: Attributes, error: unknown): void {
    const span = spans.get(key)
    if (!span) return
    spans.delete(key)
    span.setAttributes(attributes)
    if (error !== undefined) {
      if (error instanceof Error) span.recordException(error)
      const message = error instanceof Error ? error.message : String(error)
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message })
    }
    span.end()
  }
}

/** Returns the name of an operation without the number of its dataset: names of spans have few values. */
function operationOf(label: string): string {
  return label.replace(/#\d+$/, '')
}
