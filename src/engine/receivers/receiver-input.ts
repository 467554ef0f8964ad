import { StateError } from '../../errors.js'
import type { InputNode } from '../../ops/dstream/node.js'
import type { Receiver, ReceiverSource } from '../../ops/source.js'
import { delay } from '../../ops/wait.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import type { InputLag } from '../status/streams-status.js'
import { fromSource } from '../user-code/user-errors.js'
import type { MeasuredBatch, RateControl, SavedRate } from './back-pressure.js'
import { type InputContext, type InputStart, rateControlOf } from './input-context.js'
import { ReceivedInput } from './received-input.js'
import { ReceiverBuffer, type ReceiverListener } from './receiver-buffer.js'
import { ReceiverSupervisor, type SessionEnd, type SupervisorListener } from './receiver-supervisor.js'
import type { LogOfInput } from './sealed-blocks.js'
import { type BatchInput, recordsIn } from './stream-input.js'
import type { Arrived } from './waiting-records.js'

/** Received data that becomes a batch. */
interface Cut extends Pick<Arrived, 'since'> {
  readonly blocks: readonly BlockHandle[]
}

const NOTHING: Cut = { blocks: [], since: undefined }

interface ReceivedBatch extends BatchInput {
  /** Records that the source dropped because its buffer was full. */
  readonly dropped: number
  /** Records that are not data. */
  readonly skipped: number
  /** When its first record arrived; undefined if an earlier process received it. */
  readonly since: number | undefined
  consumed: boolean
}

/**
 * An input whose receiver pushes into a buffer of the driver. A batch contains the data that arrived before its time.
 */
export class ReceiverInput extends ReceivedInput<ReceivedBatch> implements ReceiverListener, SupervisorListener {
  readonly #receiver: Receiver
  readonly #supervisor: ReceiverSupervisor
  readonly #buffer: ReceiverBuffer
  readonly #control: RateControl | undefined

  constructor(stream: InputNode, context: InputContext, start: InputStart) {
    super(stream, context)
    const { engine, receiverBufferBytes, clock } = context.options
    const source = stream.source as ReceiverSource
    this.#buffer = new ReceiverBuffer({
      engine,
      stopped: context.stopped,
      maxBytes: receiverBufferBytes,
      listener: this,
      clock,
      ackAfter: source.ackAfter,
      log: this.#logOf(source),
    })
    this.#control = rateControlOf(stream, context, start)
    if (this.#control) this.#buffer.limit(this.#control.rate, clock)
    this.#receiver = fromSource(this.name, 'start', () => source.create())
    const { stopped } = context
    const life = { name: this.name, receiver: this.#receiver, buffer: this.#buffer, stopped, listener: this }
    this.#supervisor = new ReceiverSupervisor(life)
  }

  override get heldBytes(): number {
    return this.#buffer.bytes
  }

  /** Everything that has arrived and no complete batch has. Data that the service still holds is unknown. */
  override get lag(): InputLag {
    let { records: total, since: oldest } = this.#buffer.waiting.now
    for (const [time, batch] of this.batches) {
      const records = batch.consumed ? 0 : this.recordsOf(batch)
      if (records === 0) continue
      total += records
      oldest = Math.min(oldest ?? time, batch.since ?? time)
    }
    return { unit: 'records', total, bytes: this.heldBytes, ...(total > 0 && { oldest }), parts: [], partsOmitted: 0 }
  }

  override savedRate(): SavedRate | undefined {
    return this.#control?.save()
  }

  /** Waits for the receiver for a limited time. After that, batches run without it until it has started. */
  override async start({ reportAfterMs }: InputStart): Promise<void> {
    const starting = this.#supervisor.start()
    const enough = new AbortController()
    const late = delay(reportAfterMs, enough.signal).then(() => 'late' as const)
    const first = await Promise.race([starting, late]).finally(() => enough.abort())
    if (first !== 'late') return
    this.report(`has not started within ${reportAfterMs} ms; batches run without it until it has`)
    starting.catch((fault: unknown) => this.report('cannot be started', fault))
  }

  /** A past batch gets the data that an earlier process assigned to it. The first new batch also gets data that no batch had. */
  assign(time: number): Promise<void> | undefined {
    const { log } = this.context.options
    const isPast = log?.isDecided(time) === true
    const { recovered } = log ?? {}
    const logged = isPast ? recovered?.allocated(this.uid, time) : recovered?.takeUnallocated(this.uid)
    // Data that arrives now cannot belong to a past batch.
    this.#assign(time, isPast ? NOTHING : this.#cut(time))
    if (!logged?.length) return undefined
    return this.#buffer.sealed.restore(logged).then((blocks) => {
      const { blocks: cut } = this.batches.get(time)!
      this.batches.set(time, { ...this.batches.get(time)!, blocks: [...blocks, ...cut] })
    })
  }

  /** Called when the batch could not be recorded in the write-ahead log: it runs without received data, which the next one contains. */
  override unassign(time: number): void {
    const batch = this.batches.get(time)
    if (!batch) return
    this.#buffer.sealed.putBack(batch.blocks)
    this.#buffer.waiting.putBack({ records: this.recordsOf(batch), since: batch.since })
    this.#buffer.receipts.putBack(time)
    this.batches.set(time, { ...batch, blocks: [] })
  }

  override get isLogged(): boolean {
    return this.#logOf(this.stream.source as ReceiverSource) !== undefined
  }

  override stop(): Promise<void> {
    return this.#supervisor.shutDown()
  }

  override ended(): void {
    this.#buffer.endOfText()
  }

  override measured(time: number, delays: Omit<MeasuredBatch, 'records'>): void {
    if (!this.#control) return
    const batch = this.batches.get(time)
    const records = batch ? this.recordsOf(batch) : 0
    this.#buffer.limit(this.#control.measure({ ...delays, records }), this.context.options.clock)
  }

  override consumed(time: number): void {
    const batch = this.batches.get(time)
    if (!batch || batch.consumed) return
    batch.consumed = true
    this.#buffer.consumed(batch.blocks)
  }

  override commit(time: number): void {
    if (!this.context.options.checkpoints) this.#buffer.receipts.processed(time)
  }

  /** Called when state and windows of the batches up to `time` survive the process. */
  override checkpointed(time: number): void {
    this.#buffer.receipts.processed(time)
  }

  /** Acknowledges nothing more, so that the service sends unprocessed data again. */
  override async close(): Promise<void> {
    const lost = stoppedBefore(this.name)
    this.#buffer.receipts.reject(lost, this.#buffer.sealed.areLogged ? inLog(this.name) : lost)
    await this.#receiver.close?.()
  }

  override unprocessed(times: readonly number[]): number {
    const assigned = times.flatMap((time) => this.batches.get(time)?.blocks ?? [])
    // With a log, the next process has what is sealed now.
    if (!this.isLogged) this.#buffer.receipts.rejectOpen(stoppedBefore(this.name))
    return recordsIn([...this.#buffer.cut(), ...assigned])
  }

  report(message: string, cause?: unknown): void {
    this.context.report(this.stream, message, cause)
  }

  started(): void {
    this.context.options.engine.events.emit('receiverStarted', { stream: this.stream.id, name: this.name })
  }

  stopped(end: SessionEnd): void {
    const { engine, logger } = this.context.options
    if (end.message !== undefined) logger.warn(`${this.name} stopped: ${end.message}`, end.cause)
    engine.events.emit('receiverStopped', { stream: this.stream.id, name: this.name, ...end })
  }

  paused(isPaused: boolean): void {
    const { events } = this.context.options.engine
    events.emit(isPaused ? 'receiverPaused' : 'receiverResumed', { stream: this.stream.id, name: this.name })
  }

  protected override details(batch: ReceivedBatch | undefined): Partial<StreamInputInfo> {
    const { dropped = 0, skipped = 0 } = batch ?? {}
    return {
      ...(dropped > 0 ? { dropped } : {}),
      ...(skipped > 0 ? { skipped } : {}),
      description: undefined,
      rate: this.#control?.known,
    }
  }

  #assign(time: number, { blocks, since }: Cut): void {
    const dropped = this.#buffer.takeDropped()
    const skipped = this.#buffer.takeSkipped()
    this.batches.set(time, { blocks, dropped, skipped, since, rdd: undefined, consumed: false, counts: new Map() })
  }

  /** A service that sends again what is not processed is its own log. */
  #logOf({ ackAfter }: ReceiverSource): LogOfInput | undefined {
    const received = this.context.options.log?.received
    return received && ackAfter !== 'processed' ? { uid: this.uid, received } : undefined
  }

  /**
   * Seals the received data. Data that cannot be sealed stays for the next batch, so that no other input has to wait.
   */
  #cut(time: number): Cut {
    try {
      const blocks = this.#buffer.cut()
      this.#buffer.receipts.assigned(time)
      return { blocks, since: this.#buffer.waiting.take().since }
    } catch (error) {
      this.report('received data cannot be sealed and stays for the next batch', error)
      return NOTHING
    }
  }
}

function stoppedBefore(name: string): StateError {
  return new StateError(`${name} stopped before this data was stored and processed: it must be sent again.`)
}

function inLog(name: string): StateError {
  return new StateError(
    `${name} stopped before this data was processed. It is in the write-ahead log, and the next start processes it: do not send it again.`,
  )
}
