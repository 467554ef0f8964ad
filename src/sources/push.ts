import { ArgumentError, BufferFullError, StateError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { checkWait, type PushUntil, type PushWait, splitPush } from '../ops/source/push-until.js'
import type { AckAfter, Receipt, ReceiverSink, ReceiverSource } from '../ops/source.js'
import { until } from '../ops/wait.js'
import { copyOf } from '../values/copy.js'
import { describe } from '../values/describe.js'
import { recordSize } from '../values/record-size.js'
import { checkRecords } from '../values/records.js'
import { usable } from '../values/unusable.js'
import { LoopReceiver } from './loop-receiver.js'

/** Values that are held while no stream reads them. MAX_KEPT_BYTES limits their approximate bytes. */
const MAX_KEPT = 65_536
const MAX_KEPT_BYTES = 64 * 1024 * 1024
const DRAIN_CHUNK = 4096

export interface PushOptions {
  /**
   * The action of `push` when the stream has no room, at `receiverBufferBytes` or `memoryLimit`. `'wait'` (default):
   * accepts the values and returns a promise; if the caller ignores it and adds `receiverBufferBytes` more, `push` throws
   * BufferFullError. `'reject'`: accepts nothing and throws BufferFullError. `'drop'`: drops the values and counts them.
   */
  readonly onFull?: 'wait' | 'reject' | 'drop'
}

export type OnFull = NonNullable<PushOptions['onFull']>

/** Settles the promise of a call that waits. */
interface PushReceipt extends Required<Receipt> {
  readonly until: PushUntil
}

const ON_FULL: readonly unknown[] = ['wait', 'reject', 'drop']

/** A stream that calls feed. Pass `source` to a context; push at any time. */
export class PushHandle<T> {
  readonly source: ReceiverSource
  readonly #onFull: OnFull
  #kept: T[] = []
  #keptBytes = 0
  /** Receipts of kept values, and where these end among all values that were ever kept. */
  readonly #receipts: { readonly receipt: PushReceipt; readonly end: number }[] = []
  #handedOver = 0
  #dropped = 0
  #room: { readonly of: Promise<void>; readonly promise: Promise<void> } | undefined
  #sink: ReceiverSink | undefined
  #signal: AbortSignal | undefined
  /**
   * Settles when the buffered values have been forwarded. Until then new values join them, so that they do not
   * overtake.
   */
  #drain: Promise<void> | undefined
  #drained = false
  readonly #over: () => boolean
  #ended = false
  #end: () => void = () => undefined

  /** `over`: whether the context that the stream belongs to has stopped, so that values would never be taken. */
  constructor(name = 'push', options: PushOptions = {}, over: () => boolean = () => false) {
    checkNames(options, ['onFull'], 'pushStream')
    const { onFull = 'wait' } = options
    if (!ON_FULL.includes(onFull)) {
      throw new ArgumentError(`onFull is ${describe(onFull)}; it must be 'wait', 'reject' or 'drop'.`, { onFull })
    }
    this.#onFull = onFull
    this.#over = over
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve
    })
    const pending = () => this.pending
    this.source = {
      kind: 'receiver',
      name,
      codec: 'records',
      get pending() {
        return pending()
      },
      create: () => new LoopReceiver(name, (sink, signal, ready) => this.#run(sink, signal, ready, ended)),
    }
  }

  /** The number of records that wait for a stream. */
  get pending(): number {
    return this.#kept.length
  }

  /**
   * The number of values dropped so far, with onFull 'drop'. Each batch has its own count in the `inputs` of its
   * events.
   */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Adds records. Undefined means that the caller may continue. A promise means that the values are accepted, but the
   * caller should await it before the next call; it resolves when there is room, or when the stream stops. While no
   * stream runs, values are held.
   *
   * Records are copied, so later changes to them have no effect. A call that throws adds no values.
   *
   * With `{ until }` after one value, returns a promise that resolves when the value is that far: see PushUntil. It rejects
   * instead of throwing, and if the stream stops first.
   *
   * ```ts
   * const orders = ssc.pushStream<string>('orders')
   * orders.print()
   * await ssc.start()
   * await orders.push('a', { until: 'accepted' })
   * ```
   *
   * @throws StateError after `end`, after the context has stopped, and if more than 65,536 values or 64 MiB would be
   *   held; BufferFullError as `onFull` says; DataError, with a path, if a value is not data.
   */
  push(value: T, wait: PushWait): Promise<void>
  push(...values: T[]): Promise<void> | undefined
  push(...args: unknown[]): Promise<void> | undefined {
    const { values, until } = splitPush<T>(args)
    return until === undefined ? this.#add(values) : this.#addUntil(values, until)
  }

  /**
   * Adds the values of an array, which is copied, like `push`. A call of `push` with very many arguments would overflow
   * the stack.
   */
  pushAll(values: readonly T[], wait: PushWait): Promise<void>
  pushAll(values: readonly T[]): Promise<void> | undefined
  pushAll(values: readonly T[], wait?: PushWait): Promise<void> | undefined {
    const until = checkWait(wait, 'pushAll')
    const copy = usable('pushAll', [values], () => arrayOf(values))
    return until === undefined ? this.#add(copy) : this.#addUntil(copy, until)
  }

  /** Ends the input. Held values are still delivered. May be called again. */
  end(): void {
    this.#ended = true
    this.#end()
  }

  #addUntil(values: T[], until: PushUntil): Promise<void> {
    return new Promise((resolve, reject) => {
      const after: AckAfter = until === 'processed' ? 'processed' : 'stored'
      const receipt = until === 'accepted' ? 'accepted' : { until, after, ack: resolve, nack: reject }
      const room = this.#add(values, receipt)
      if (receipt === 'accepted') resolve(room)
      else if (values.length === 0) resolve()
    })
  }

  /** `receipt`: present if the caller waits, so that nothing may be dropped. */
  #add(values: T[], receipt?: PushReceipt | 'accepted'): Promise<void> | undefined {
    const { name } = this.source
    if (this.#ended) throw new StateError(`${name} has ended and accepts no more values. Push before end().`)
    if (this.#over()) {
      throw new StateError(`${name} accepts no more values: its context is stopped. Push before stop().`, {
        given: values.length,
      })
    }
    if (values.length === 0) return undefined
    checkRecords(values, name)
    const signal = this.#signal
    const running = this.#sink !== undefined && signal !== undefined && !signal.aborted
    if (running && this.#onFull !== 'wait' && (!this.#drained || this.#sink!.full()))
      return this.#refuse(values.length, receipt !== undefined)
    const waiting = receipt === 'accepted' ? undefined : receipt
    if (running && this.#drained) {
      if (waiting) mustBeLogged(this.#sink!, waiting, name)
      this.#sink!.records(values, waiting)
      if (this.#onFull !== 'wait') return undefined
      const room = this.#sink!.full()
      return room && this.#wait(room, signal)
    }
    const copies = values.map(copyOf)
    const bytes = copies.reduce<number>((sum, copy) => sum + recordSize(copy), 0)
    if (this.#kept.length + values.length > MAX_KEPT || this.#keptBytes + bytes > MAX_KEPT_BYTES) {
      throw new StateError(
        `${name} holds ${this.#kept.length} values and got ${values.length} more; the limit before start() is ${MAX_KEPT} values and ${MAX_KEPT_BYTES} bytes. ` +
          'Start the context first, or await the promise that push() returns.',
        {
          kept: this.#kept.length,
          given: values.length,
          limit: MAX_KEPT,
          bytes,
          limitBytes: MAX_KEPT_BYTES,
        },
      )
    }
    for (const copy of copies) this.#kept.push(copy)
    if (waiting) this.#receipts.push({ receipt: waiting, end: this.#handedOver + this.#kept.length })
    this.#keptBytes += bytes
    return running ? this.#drain : undefined
  }

  /** One promise for all calls that wait for the same room, so that only one listens to the signal. */
  #wait(room: Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#room?.of !== room) this.#room = { of: room, promise: until(room, signal) }
    return this.#room.promise
  }

  #refuse(count: number, mayNotDrop: boolean): undefined {
    if (this.#onFull === 'drop' && !mayNotDrop) {
      this.#dropped += count
      this.#sink!.dropped?.(count)
      return undefined
    }
    throw new BufferFullError(
      `${this.source.name} has no room: it is at receiverBufferBytes or memoryLimit until batches complete. None of the ${count} values was accepted. Push them again later, or raise the limit.`,
      { given: count },
    )
  }

  async #run(sink: ReceiverSink, signal: AbortSignal, ready: () => void, ended: Promise<void>): Promise<void> {
    if (this.#sink) {
      throw new StateError(
        `${this.source.name} already feeds a running stream. Create a second source for a second stream.`,
      )
    }
    this.#sink = sink
    this.#signal = signal
    this.#drained = false
    ready()
    try {
      this.#drain = this.#handOver(sink, signal)
      await this.#drain
      await until(ended, signal)
      // Nothing starts the stream again, so values that still wait for room belong to the last batch.
      if (this.#over()) this.#pass(this.#kept.length, sink)
    } finally {
      this.#sink = this.#signal = this.#drain = undefined
    }
  }

  /** Passes kept values on, with the receipts that end among them. */
  #pass(count: number, sink: ReceiverSink): void {
    const part = this.#kept.slice(0, count)
    sink.records(part)
    this.#kept.splice(0, part.length)
    this.#handedOver += part.length
    while (this.#receipts[0] && this.#receipts[0].end <= this.#handedOver) {
      const { receipt } = this.#receipts.shift()!
      try {
        mustBeLogged(sink, receipt, this.source.name)
        sink.records([], receipt)
      } catch (error) {
        receipt.nack(error as Error)
      }
    }
  }

  async #handOver(sink: ReceiverSink, signal: AbortSignal): Promise<void> {
    while (this.#kept.length > 0 && !signal.aborted) {
      this.#pass(DRAIN_CHUNK, sink)
      if (this.#kept.length === 0) this.#keptBytes = 0
      const room = sink.full()
      if (room) await until(room, signal)
    }
    // Set here, in the same step as the last check of #kept: after an await, a push could have come in between.
    this.#drained = true
  }
}

function mustBeLogged(sink: ReceiverSink, { until }: PushReceipt, name: string): void {
  if (until !== 'logged' || sink.isLogged) return
  throw new StateError(
    `push to ${name} got until: 'logged', and its context has no write-ahead log. Set the option writeAheadLog, or use 'accepted' or 'processed'.`,
  )
}

function arrayOf<T>(values: readonly T[]): T[] {
  if (Array.isArray(values)) return values.slice()
  throw new ArgumentError(`pushAll got ${describe(values)}; it takes an array of values.`)
}

/** Creates a stream that calls feed: `const numbers = pushSource<number>(); numbers.push(1, 2, 3)`. */
export function pushSource<T>(name?: string, options?: PushOptions): PushHandle<T> {
  return new PushHandle<T>(name, options)
}
