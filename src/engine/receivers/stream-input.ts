import type { InputNode } from '../../ops/dstream/node.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import type { InputLag } from '../status/streams-status.js'
import type { MeasuredBatch, SavedRate } from './back-pressure.js'
import type { InputContext, InputStart } from './input-context.js'

/** The data of an input for one batch. */
export interface BatchInput {
  /** Received data; empty for other inputs. */
  readonly blocks: readonly BlockHandle[]
  rdd: Rdd<unknown> | undefined
  /** Records of the partitions that tasks have read. */
  readonly counts: Map<number, number>
}

/** One input of a running context: the data of each of its batches, until no batch needs it. */
export abstract class StreamInput<B extends BatchInput = BatchInput> {
  readonly stream: InputNode
  protected readonly context: InputContext
  protected readonly batches = new Map<number, B>()
  /** Batches by the dataset of their input. */
  readonly #byRdd = new Map<number, B>()

  constructor(stream: InputNode, context: InputContext) {
    this.stream = stream
    this.context = context
  }

  get name(): string {
    return this.stream.source.name
  }

  /** Its id in checkpoints: see StreamIds. */
  get uid(): string {
    return this.context.options.graph.uids.get(this.stream)!
  }

  /** Bytes held for future batches. */
  get heldBytes(): number {
    return 0
  }

  /** The amount that no complete batch has read; undefined if that is unknown. */
  get lag(): InputLag | undefined {
    return undefined
  }

  /** Opens the input at its position. Inputs open one after the other. */
  async open(_start: InputStart): Promise<void> {}

  /** Starts receiving. Inputs start together. */
  async start(_start: InputStart): Promise<void> {}

  /** Assigns the data of the batch at `time`. `clockTime`: the moment of the batch by the clock. */
  abstract assign(time: number, clockTime: number): Promise<void> | undefined

  /** Called before the batch is recorded, once those before it are, or could not be. */
  recording(_time: number): void {}

  /** The batch could not be recorded: what it had belongs to the next one. */
  unassign(_time: number): void {}

  /** Whether what it receives is in the write-ahead log. */
  get isLogged(): boolean {
    return false
  }

  /** Creates the dataset of a batch; undefined if the input has none. */
  abstract datasetAt(time: number): Rdd<unknown> | undefined

  /** Stops receiving. */
  async stop(): Promise<void> {}

  /** Returns the rate under back-pressure, for a checkpoint. */
  savedRate(): SavedRate | undefined {
    return undefined
  }

  /** Seals the data that a stopped input has received. */
  ended(): void {}

  /** Closes the input after the last batch. */
  async close(): Promise<void> {}

  /** Called with the delays of a complete batch. */
  measured(_time: number, _delays: Omit<MeasuredBatch, 'records'>): void {}

  /** Called when a batch is complete. Its data stays until no window needs it. */
  consumed(_time: number): void {}

  /** Called when a batch will not run again. */
  commit(_time: number): void {}

  /** With `stopAtEnd`: whether nothing is left to read after the last batch. */
  get isAtEnd(): boolean {
    return false
  }

  /** Called when a checkpoint contains everything up to the batch at `time`. */
  checkpointed(_time: number): void {}

  /** Seals and counts the received records of these and of future batches. */
  unprocessed(_times: readonly number[]): number {
    return 0
  }

  /**
   * Counts the records of a partition when a task first reads it. Returns whether the dataset belongs to this input.
   */
  sourceRead(rdd: number, partition: number, records: number): boolean {
    const counts = this.#byRdd.get(rdd)?.counts
    if (counts && !counts.has(partition)) counts.set(partition, records)
    return counts !== undefined
  }

  batchAt(time: number): B | undefined {
    return this.batches.get(time)
  }

  /** Returns the known figures of this input in a batch. */
  info(time: number): StreamInputInfo {
    const batch = this.batches.get(time)
    return {
      stream: this.stream.id,
      name: this.name,
      records: batch ? this.recordsOf(batch) : 0,
      bytes: batch?.blocks.reduce((sum, block) => sum + block.length, 0) ?? 0,
      ...this.details(batch),
    }
  }

  /** Frees the data of batches that no batch needs any more. */
  forget(times: readonly number[]): void {
    for (const time of times) {
      const batch = this.batches.get(time)
      if (!batch) continue
      this.batches.delete(time)
      if (batch.rdd) this.#byRdd.delete(batch.rdd.id)
      for (const block of batch.blocks) this.context.options.engine.driver.release(block.id)
    }
  }

  /** Returns the bytes of blocks that the batch at `time` still has. */
  receivedIn(_time: number): number {
    return 0
  }

  /** Frees the blocks of a batch whose dataset no plan reads any more. */
  free(_time: number): void {}

  /** Frees the data of a batch if no output depends on the input, so that no dataset was created. */
  forgetUnused(time: number): void {
    const batch = this.batches.get(time)
    if (batch && !batch.rdd && this.stream.rememberDuration === 0) this.forget([time])
  }

  /** Returns the number of records in a batch; undefined while unknown. */
  protected abstract recordsOf(batch: B): number | undefined

  /** Returns further details of the input for events. */
  protected details(_batch: B | undefined): Partial<StreamInputInfo> {
    return {}
  }

  /** Registers the dataset of a batch, to count the records that tasks read. */
  protected created(time: number, batch: B, rdd: Rdd<unknown>): Rdd<unknown> {
    batch.rdd = rdd
    this.batches.set(time, batch)
    this.#byRdd.set(rdd.id, batch)
    return rdd
  }
}

export function recordsIn(blocks: readonly BlockHandle[]): number {
  return blocks.reduce((sum, { count }) => sum + count, 0)
}
