import { CheckpointError } from '../../errors.js'
import type { StreamBuilder } from '../../ops/dstream/builder.js'
import type { FaultPlan } from '../../pool/protocol.js'
import { currentBatch, type Engine } from '../engine.js'
import type { Inputs } from '../inputs.js'
import type { Logger } from '../logger.js'
import { checkpointFaultPoint } from './fault-points.js'
import { type Gathered, Gathering, type Saved } from './gather.js'
import type { DataKind } from './names.js'
import type { CheckpointStore } from './store.js'

export interface CheckpointerOptions {
  readonly store: CheckpointStore
  /** Ms between two checkpoints; they follow the first batch that completes then. */
  readonly interval: number
  readonly builder: StreamBuilder
  readonly engine: Engine
  readonly inputs: Inputs
  readonly logger: Logger
  readonly faults: readonly FaultPlan[] | undefined
}

/**
 * Writes checkpoints. What belongs to one is collected between two batches, so that it is of one moment; the files are
 * written while the next batches run. A block is written once, however many checkpoints refer to it.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  /** The batch of the last checkpoint, or the beginning. */
  #last = 0
  #saved: Saved = { blocks: new Map(), rdds: [] }
  #taking: Promise<void> = Promise.resolve()
  #writing: Promise<void> | undefined

  constructor(options: CheckpointerOptions) {
    this.#options = options
  }

  /**
   * Before the first batch after a time, of which so much is in files. Writes a checkpoint: from here on sources that can
   * be asked again are, and others may lose data. Rejects if that fails.
   */
  async begin(time: number, saved: Saved): Promise<void> {
    const { builder, engine, inputs, store } = this.#options
    this.#last = time
    this.#saved = saved
    try {
      await this.#write(await new Gathering(builder, engine, inputs, saved).of(time, false), performance.now())
    } catch (cause) {
      throw new CheckpointError(
        `No checkpoint can be written into ${store.directory}. Give the path of a directory that this process may write.`,
        { directory: store.directory },
        cause,
      )
    }
  }

  /** Whether a checkpoint shall follow this batch. While one is being written none does: the next batch asks again. */
  isDue(time: number): boolean {
    return !this.#writing && time - this.#last >= this.#options.interval
  }

  /**
   * The batch is complete: collects what belongs to it, and begins to write. A failure is told, and ends nothing. Streams
   * of event time may put it off to a batch in which all slides meet, unless the context stops. `end`: of the context;
   * `'drained'` if nothing is left of what receivers had got.
   */
  take(time: number, end?: 'stopped' | 'drained'): Promise<void> {
    // A stop may ask for one while that of the last batch is being collected.
    this.#taking = this.#taking.then(() => this.#take(time, end))
    return this.#taking
  }

  async #take(time: number, end: 'stopped' | 'drained' | undefined): Promise<void> {
    const { builder, engine, inputs, faults } = this.#options
    await this.written()
    if (time < this.#last || (time === this.#last && end !== 'drained')) return
    const began = performance.now()
    engine.states.saving = true
    try {
      const gathering = new Gathering(builder, engine, inputs, this.#saved)
      if (!end && builder.eventTime.size > 0 && !gathering.isMade(time)) return
      const gathered = await currentBatch.run({ time }, () => gathering.of(time, end === 'drained'))
      checkpointFaultPoint('checkpoint:gathered', faults)
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

  /** Resolves when nothing is being written. */
  async written(): Promise<void> {
    await this.#writing
  }

  async #write({ checkpoint, news, blocks, rdds }: Gathered, began: number): Promise<void> {
    const { store, engine } = this.#options
    const { time } = checkpoint
    for (const kind of ['state', 'data'] satisfies DataKind[]) {
      const mine = news.filter((block) => block.kind === kind)
      const places = await store.write(
        kind,
        time,
        mine.map(({ block }) => block),
      )
      for (const [i, { place }] of mine.entries()) Object.assign(place, places[i])
    }
    this.#saved = { blocks, rdds }
    const path = await store.publish(checkpoint)
    const bytes = news.reduce((sum, { block }) => sum + block.bytes.length, 0)
    engine.events.emit('checkpointWritten', { time, path, bytes, ms: performance.now() - began })
  }

  #failed(time: number, error: unknown): void {
    const { engine, logger, store } = this.#options
    if (engine.closed) return
    logger.error(`the checkpoint of batch ${time} ms could not be written into ${store.directory}`, error)
    engine.events.emit('checkpointFailed', { time, error })
  }
}
