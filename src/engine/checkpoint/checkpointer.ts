import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { FaultPlan } from '../../pool/protocol.js'
import { currentBatch } from '../current-batch.js'
import type { Engine } from '../engine.js'
import type { Logger } from '../logger.js'
import type { BatchLog } from './batch-log.js'
import { CheckpointFailures } from './checkpoint-failures.js'
import { processFaultPoint } from './fault-points.js'
import { unwritable } from './folder.js'
import { type Gathered, Gathering, inFiles, type Saved, type SavedInputs } from './gather.js'
import type { DataKind } from './names.js'
import type { CheckpointStore } from './store.js'

export interface CheckpointerOptions {
  readonly store: CheckpointStore
  /** Least time between two checkpoints, in ms. The first batch that completes after it is checkpointed. */
  readonly interval: number
  readonly builder: StreamGraph
  readonly engine: Engine
  readonly inputs: SavedInputs
  readonly log: BatchLog | undefined
  readonly logger: Logger
  readonly faults: readonly FaultPlan[] | undefined
}

/**
 * Writes checkpoints. Collects the data of each between two batches, so that it is consistent, and writes the files
 * while the next batches run. Writes each block once, however many checkpoints refer to it.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  /** The time of the last checkpoint's batch, or of the start. */
  #last = 0
  #saved: Saved = { blocks: new Map(), rdds: [] }
  #taking: Promise<void> = Promise.resolve()
  #writing: Promise<void> | undefined

  readonly #failures: CheckpointFailures

  constructor(options: CheckpointerOptions) {
    const { store, engine, logger } = options
    this.#options = options
    this.#failures = new CheckpointFailures(() => store.directory, engine.events, logger)
  }

  /**
   * Writes the first checkpoint, before the first batch after `time`. A restart resumes from it, and sources that can replay
   * do so from there. `saved`: what the files hold already; `interval`: that of the batches until now, in ms. Rejects if it
   * cannot be written.
   */
  async begin(time: number, saved: Saved, interval: number): Promise<void> {
    const { builder, engine, inputs, store } = this.#options
    this.#last = time
    this.#saved = saved
    try {
      await this.#write(
        await new Gathering(builder, engine, inputs, saved, interval).of(time, false),
        performance.now(),
      )
    } catch (cause) {
      throw unwritable(store.directory, cause)
    }
  }

  /**
   * Whether a checkpoint is due after this batch. False while another one is being written; the next batch checks
   * again.
   */
  isDue(time: number): boolean {
    return !this.#writing && time - this.#last >= this.#failures.pause(this.#options.interval)
  }

  /**
   * Collects the checkpoint of a complete batch, and starts to write it. Reports a failure and continues. With
   * event-time streams it may wait for a batch at which all slides coincide, unless the context stops. `end`: why the
   * context stops; `'drained'` if all received data is processed.
   */
  take(time: number, end?: 'stopped' | 'drained'): Promise<void> {
    // A stop may request a checkpoint while the last batch's checkpoint is being collected.
    this.#taking = this.#taking.then(() => this.#take(time, end))
    return this.#taking
  }

  async #take(time: number, end: 'stopped' | 'drained' | undefined): Promise<void> {
    const { builder, engine, inputs, store, faults } = this.#options
    await this.written()
    if (time < this.#last || (time === this.#last && end !== 'drained')) return
    const began = performance.now()
    engine.states.saving = true
    try {
      // Files that were removed meanwhile are written again.
      this.#saved = inFiles(this.#saved, await store.names())
      const gathering = new Gathering(builder, engine, inputs, this.#saved, builder.batchInterval)
      if (!end && builder.eventTime.size > 0 && !gathering.isMade(time)) return
      const gathered = await currentBatch.run({ time }, () => gathering.of(time, end === 'drained'))
      processFaultPoint('checkpoint:gathered', faults)
      this.#last = time
      this.#writing = this.#write(gathered, began)
        .catch((error: unknown) => this.#failed(time, error))
        .finally(() => {
          gathered.done()
          this.#writing = undefined
        })
    } catch (error) {
      this.#failed(time, error)
    } finally {
      engine.states.saving = false
    }
  }

  /** Resolves when no checkpoint is being written. */
  async written(): Promise<void> {
    await this.#writing
  }

  async #write({ checkpoint, newBlocks, blocks, rdds }: Gathered, began: number): Promise<void> {
    const { store, engine, inputs, log, logger } = this.#options
    const { time } = checkpoint
    for (const kind of ['state', 'data'] satisfies DataKind[]) {
      const mine = newBlocks.filter((block) => block.kind === kind)
      const written = await store.write(
        kind,
        time,
        mine.map(({ block }) => block),
      )
      for (const [i, { saved }] of mine.entries()) Object.assign(saved, written[i])
    }
    this.#saved = { blocks, rdds }
    const path = await store.publish(checkpoint)
    inputs.checkpointed(time)
    log?.checkpointed(time)
    await log?.received?.clean(store.oldest).catch((error: unknown) => {
      logger.warn(`files of the write-ahead log in ${store.directory} could not be removed`, error)
    })
    this.#failures.succeeded(time)
    const bytes = newBlocks.reduce((sum, { block }) => sum + block.bytes.length, 0)
    engine.events.emit('checkpointWritten', { time, path, bytes, ms: performance.now() - began })
  }

  #failed(time: number, error: unknown): void {
    this.#last = Math.max(this.#last, time)
    if (!this.#options.engine.closed) this.#failures.failed(time, error)
  }
}
