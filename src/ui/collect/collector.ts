import type { StreamingControl } from '../../engine/streaming/streaming-control.js'
import { BatchHistory, hasFailed } from './batch-history.js'
import { Connectors } from './connectors.js'
import { OperatorFigures } from './operator-figures.js'
import { RecoveryLog } from './recovery-log.js'
import type { CheckpointRow, Overview, Totals } from './rows.js'

const MOST_CHECKPOINTS = 200

/** Collects the events of streams, in bounded memory. */
export class Collector {
  readonly batches = new BatchHistory()
  readonly recovery: RecoveryLog
  readonly connectors: Connectors
  readonly operators = new OperatorFigures()
  readonly #checkpoints: CheckpointRow[] = []
  readonly #removers: (() => void)[]
  readonly #streams: StreamingControl
  #unwatch: (() => void) | undefined
  readonly #totals = { completed: 0, failed: 0, records: 0, deadLetters: 0, checkpointFailures: 0 }
  #lagging: Overview['lagging']
  #startedAt: number | undefined

  constructor(streams: StreamingControl) {
    const { batches } = this
    this.#streams = streams
    this.recovery = new RecoveryLog(streams)
    this.connectors = new Connectors(streams)
    this.#removers = [
      streams.on('streamingStarted', () => {
        this.#startedAt = streams.clock.now()
      }),
      streams.on('batchSubmitted', (batch) => batches.submitted(batch)),
      streams.on('batchStarted', (batch) => batches.started(batch)),
      streams.on('jobCompleted', (job) => {
        batches.jobCompleted(job)
        this.operators.jobCompleted(job)
      }),
      streams.on('batchCompleted', (batch) => {
        batches.completed(batch)
        this.connectors.completed(batch, streams.batchInterval)
        const totals = this.#totals
        totals.completed++
        if (hasFailed(batch)) totals.failed++
        totals.records += batch.records
        totals.deadLetters += batch.deadLetters ?? 0
      }),
      streams.on('lagging', ({ behind, reason }) => {
        this.#lagging = { behind, reason }
      }),
      streams.on('caughtUp', () => {
        this.#lagging = undefined
      }),
      streams.on('checkpointWritten', ({ time, bytes, ms }) => this.#checkpoint({ time, bytes, ms })),
      streams.on('checkpointFailed', ({ time, error }) => {
        this.#totals.checkpointFailures++
        this.#checkpoint({ time, error: (error instanceof Error ? error.message : String(error)).slice(0, 500) })
      }),
    ]
  }

  get totals(): Totals {
    return { ...this.#totals }
  }

  /** How far and why the streams are behind; undefined if they keep up. */
  get lagging(): Overview['lagging'] {
    return this.#lagging
  }

  /** When the streams started, in ms of the context's clock. */
  get startedAt(): number | undefined {
    return this.#startedAt
  }

  /** The newest first. */
  checkpoints(): CheckpointRow[] {
    return [...this.#checkpoints].reverse()
  }

  /** Called when the first page opens, and when the last one closes: tasks measure their operations meanwhile. */
  watched(isWatched: boolean): void {
    if (isWatched) this.#unwatch ??= this.#streams.on('operationsSampled', (sample) => this.operators.sampled(sample))
    else {
      this.#unwatch?.()
      this.#unwatch = undefined
    }
  }

  close(): void {
    this.watched(false)
    for (const remove of this.#removers) remove()
    this.recovery.close()
    this.connectors.close()
  }

  #checkpoint(row: CheckpointRow): void {
    this.#checkpoints.push(row)
    if (this.#checkpoints.length > MOST_CHECKPOINTS) this.#checkpoints.shift()
  }
}
