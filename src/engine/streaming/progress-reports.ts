import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { Engine } from '../engine.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import type { BatchProgress, StateProgress } from '../events/batch-progress.js'
import type { FinishedBatch } from './batch-runner.js'

/** Emits the progress of each batch for listeners. */
export class ProgressReports {
  readonly #graph: StreamGraph
  readonly #engine: Engine
  /** The batch before, from which the inputs of a batch have arrived. */
  #previous: number | undefined

  constructor(graph: StreamGraph, engine: Engine) {
    this.#graph = graph
    this.#engine = engine
  }

  /** `waiting`: the number of batches that are due and not complete. */
  report(finished: FinishedBatch, waiting: number): void {
    const { events } = this.#engine
    if (events.observes('batchProgress')) events.emit('batchProgress', this.#progress(finished, waiting))
    this.#previous = finished.info.time
  }

  #progress({ info, failures, isSkipped, phases }: FinishedBatch, waiting: number): BatchProgress {
    const { time, records, schedulingDelay = 0, processingDelay = 0, totalDelay = 0, deadLetters = 0 } = info
    const since = time - (this.#previous ?? time - this.#graph.batchInterval)
    const rates = (count: number) => ({
      inputRate: perSecond(count, since),
      processingRate: perSecond(count, processingDelay),
    })
    const eventTime = info.eventTime ?? []
    const watermarks = eventTime.flatMap(({ watermark }) => watermark ?? [])
    return {
      time,
      status: failures.length === 0 ? 'succeeded' : isSkipped ? 'skipped' : 'failed',
      schedulingDelay,
      processingDelay,
      totalDelay,
      phases,
      records,
      ...rates(records),
      inputs: info.inputs.map((input) => ({ ...inputOf(input), ...rates(input.records ?? 0) })),
      outputs: info.outputs.map(({ id, label, startedAt, endedAt, error }) => {
        return { id, label, ms: Math.max(0, endedAt - startedAt), ...(error && { error }) }
      }),
      watermark: watermarks.length > 0 ? Math.min(...watermarks) : undefined,
      eventTime,
      state: this.#state(time),
      deadLetters,
      waiting,
    }
  }

  #state(time: number): StateProgress[] {
    return this.#engine.stateSizes.newest.map(({ operator, version, keys, updated, partitions }) => {
      const name = `${this.#graph.streams[operator]!.label}#${operator}`
      return { stream: operator, name, keys, updated: version === time ? updated : 0, partitions }
    })
  }
}

function inputOf({ stream, name, records = 0, bytes, rate, description }: StreamInputInfo) {
  return {
    stream,
    name,
    records,
    bytes,
    ...(rate !== undefined && { rateLimit: rate }),
    ...(description !== undefined && { description }),
  }
}

/** A batch of less than a ms counts as one of 1 ms. */
function perSecond(records: number, ms: number): number {
  return (records * 1000) / Math.max(1, ms)
}
