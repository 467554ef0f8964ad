import type { InputNode } from '../../ops/dstream/node.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import type { InputStatus } from '../status/streams-status.js'
import type { StopDeadline } from '../streaming/stop-deadline.js'
import { fromSource } from '../user-code/user-errors.js'
import type { MeasuredBatch } from './back-pressure.js'
import { DirectInput } from './direct-input.js'
import { InputContext, type InputStart, type InputsOptions, type SavedInputs } from './input-context.js'
import { LocalInput } from './local-input.js'
import { ReceiverInput } from './receiver-input.js'
import type { StreamInput } from './stream-input.js'

export type { SavedInputs } from './input-context.js'

/** How long start() waits for an input before it reports the delay; a batch interval if that is longer. */
const REPORT_AFTER_MS = 3_000

/** Creates an input of a running context. */
export type CreateInput = (stream: InputNode, context: InputContext, start: InputStart) => StreamInput

/** Tracks the inputs of a running context. Records that arrive before a batch time belong to that batch. */
export class InputTracker {
  readonly #context: InputContext
  readonly #create: CreateInput
  readonly #inputs: StreamInput[] = []
  readonly #notStopped = new Set<string>()
  /** Batches are recorded in order: a restart assigns new data to no batch before a recorded one. */
  #recorded: Promise<unknown> = Promise.resolve()

  constructor(options: InputsOptions, create = created) {
    this.#create = create
    this.#context = new InputContext(options)
  }

  /** Bytes that receivers hold for future batches. */
  get receivedBytes(): number {
    return this.#inputs.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  /** Whether receivers hold data that no batch has, of this process or of an earlier one. */
  get hasReceived(): boolean {
    return this.receivedBytes > 0 || this.#context.options.log?.recovered?.hasUnallocated === true
  }

  /** Names of the inputs whose stop or close did not end in time. */
  get notStopped(): string[] {
    return [...this.#notStopped]
  }

  /**
   * Opens every input, then starts all receivers. A receiver that cannot start is reported and retried, unless its error is
   * final. One that does not settle in time is reported, and start() does not wait for it.
   */
  async start(options: Omit<InputStart, 'reportAfterMs'>): Promise<void> {
    const start = await this.open(options)
    await Promise.all(this.#inputs.map((input) => input.start(start)))
  }

  /** Opens every input, at its saved position if it has one. */
  async open(options: Omit<InputStart, 'reportAfterMs'>): Promise<InputStart> {
    const start = { ...options, reportAfterMs: Math.max(REPORT_AFTER_MS, options.batchInterval) }
    for (const stream of this.#context.options.graph.inputs) {
      const input = this.#create(stream, this.#context, start)
      this.#inputs.push(input)
      await input.open(start)
    }
    return start
  }

  /**
   * Assigns everything that has arrived to the batch at `time`, and requests partitions from direct sources.
   * `clockTime`: the moment of the batch by the clock.
   */
  async allocate(time: number, clockTime: number): Promise<void> {
    const before = this.#recorded
    const assigned = Promise.all(this.#inputs.map((input) => input.assign(time, clockTime)))
    const recorded = assigned.then(() => before).then(() => this.#record(time))
    this.#recorded = recorded.catch(() => undefined)
    await recorded
  }

  /** Whether no input has anything left to read after the last batch. */
  get areAtEnd(): boolean {
    return this.#inputs.every((input) => input.isAtEnd)
  }

  /** Returns the dataset of an input for a batch; undefined if it has none. */
  datasetAt(stream: InputNode, time: number): Rdd<unknown> | undefined {
    return this.#inputs.find((input) => input.stream === stream)?.datasetAt(time)
  }

  /** Counts the records of a partition when a task first reads it. */
  sourceRead(rdd: number, partition: number, records: number): void {
    this.#inputs.some((input) => input.sourceRead(rdd, partition, records))
  }

  /**
   * Returns the positions of sources after the last completed batch, or before the first, for a checkpoint.
   */
  positions(time: number): SavedInputs['positions'] {
    return this.#inputs.flatMap((input) => {
      const position = input instanceof DirectInput ? input.positionAt(time) : undefined
      return position ? [{ uid: input.uid, value: position.value }] : []
    })
  }

  /** Returns the rates of inputs under back-pressure, for a checkpoint. */
  rates(): SavedInputs['rates'] {
    return this.#inputs.flatMap((input) => {
      const rate = input.savedRate()
      return rate ? [{ uid: input.uid, ...rate }] : []
    })
  }

  /** Returns the known figures of a batch. */
  figures(time: number): { records: number; inputs: StreamInputInfo[] } {
    const inputs = this.#inputs.map((input) => input.info(time))
    return { records: inputs.reduce((sum, { records = 0 }) => sum + records, 0), inputs }
  }

  /** Returns the inputs with their lags. */
  status(): InputStatus[] {
    return this.#inputs.map(({ stream, name, lag }) => ({ stream: stream.id, name, ...(lag && { lag }) }))
  }

  /** Counts the received records of these batches, and those that no batch has yet. */
  unprocessed(times: readonly number[]): number {
    return this.#inputs.reduce((sum, input) => sum + input.unprocessed(times), 0)
  }

  /** Called with the delays of a complete batch: inputs adjust their rates to them. */
  measured(time: number, delays: Omit<MeasuredBatch, 'records'>): void {
    for (const input of this.#inputs) input.measured(time, delays)
  }

  /** Called when a batch is complete: receivers that wait have room. Its data stays until no window needs it. */
  consumed(time: number): void {
    for (const input of this.#inputs) input.consumed(time)
  }

  /** Called when a batch will not run again: direct sources commit their offsets. */
  commit(time: number): void {
    for (const input of this.#inputs) input.commit(time)
  }

  /** Called when a checkpoint with everything up to the batch at `time` is written. */
  checkpointed(time: number): void {
    for (const input of this.#inputs) input.checkpointed(time)
  }

  /** Frees the data of these batches of a stream. */
  forget(stream: number, times: readonly number[]): void {
    this.#inputs.find((input) => input.stream.id === stream)?.forget(times)
  }

  /** Returns the bytes of received data that an input has for a batch. */
  receivedIn(stream: InputNode, time: number): number {
    return this.#inputs.find((input) => input.stream === stream)?.receivedIn(time) ?? 0
  }

  /** Frees the received data of a batch whose dataset no plan reads any more. */
  free(stream: InputNode, time: number): void {
    this.#inputs.find((input) => input.stream === stream)?.free(time)
  }

  /** Frees the data of inputs that no output depends on. */
  forgetUnused(time: number): void {
    for (const input of this.#inputs) input.forgetUnused(time)
  }

  /**
   * Stops the receivers. Resolves when no more data can arrive, or at the deadline. Direct readers stay open: they also
   * plan the last batch of a graceful stop, and must still know which files they have assigned.
   */
  async stop(deadline: StopDeadline): Promise<void> {
    this.#context.stop()
    try {
      await this.#end(deadline, (input) => input.stop())
    } finally {
      for (const input of this.#inputs) input.ended()
    }
  }

  /** Closes the direct readers, after the last batch. */
  async close(deadline: StopDeadline): Promise<void> {
    await this.#end(deadline, (input) => input.close())
  }

  /**
   * Records the input of the batch, also of one without data: when it runs again, data that came since must not become part of
   * it. Its outputs may have completed, and sinks recognise its time. @throws CheckpointError if the write-ahead log cannot be
   * written.
   */
  async #record(time: number): Promise<void> {
    const { log } = this.#context.options
    if (!log) return
    for (const input of this.#inputs) input.recording(time)
    const assigned = this.#inputs.flatMap((input) => {
      const partitions = input instanceof DirectInput ? input.partitionsAt(time) : undefined
      return partitions ? [[input.uid, partitions] as const] : []
    })
    const received = this.#inputs.flatMap((input) => {
      const blocks = input.batchAt(time)?.blocks ?? []
      return blocks.length > 0 ? [{ uid: input.uid, blocks }] : []
    })
    try {
      await log.assigned(time, assigned, received)
    } catch (error) {
      for (const input of this.#inputs) input.unassign(time)
      throw error
    }
  }

  /**
   * Ends all inputs by the deadline, and records those that do not end. After trying all, rejects with the first error.
   */
  async #end(deadline: StopDeadline, end: (input: StreamInput) => Promise<void>): Promise<void> {
    const ended = this.#inputs.map(async (input) => {
      // A method that throws counts as one that rejects.
      const ending = Promise.resolve().then(() => fromSource(input.name, 'stop', () => end(input)))
      if (!(await deadline.allows(ending))) this.#notStopped.add(input.name)
    })
    const outcomes = await Promise.allSettled(ended)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
}

const created: CreateInput = (stream, context, start) => {
  switch (stream.source.kind) {
    case 'receiver':
      return new ReceiverInput(stream, context, start)
    case 'direct':
      return new DirectInput(stream, context, start)
    case 'local':
      return new LocalInput(stream, context)
  }
}
