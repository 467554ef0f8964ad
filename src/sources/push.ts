import { ArgumentError, BufferFullError, StateError } from '../errors.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { until } from '../ops/wait.js'
import { copyData } from '../values/copy.js'
import { checkRecords } from '../values/records.js'
import { LoopReceiver } from './loop-receiver.js'

/** Values, and about their bytes, that are kept while no stream takes them. */
const MAX_KEPT = 65_536
const MAX_KEPT_BYTES = 64 * 1024 * 1024
const DRAIN_CHUNK = 4096

/**
 * What `push` does when the stream has no room, at `receiverBufferBytes` or `memoryLimit`. `'wait'`: takes the values and
 * returns a promise; a caller that ignores it may bring `receiverBufferBytes` more, then `push` throws BufferFullError.
 * `'reject'`: takes nothing and throws BufferFullError. `'drop'`: drops the values and counts them.
 */
export type OnFull = 'wait' | 'reject' | 'drop'

export interface PushOptions {
  /** Default 'wait'. */
  readonly onFull?: OnFull
}

const ON_FULL: readonly unknown[] = ['wait', 'reject', 'drop']

/** A stream that is fed by calls. Give `source` to a context; push at any time. */
export class PushHandle<T> {
  readonly source: ReceiverSource
  readonly #onFull: OnFull
  #kept: T[] = []
  #keptBytes = 0
  #dropped = 0
  #room: { readonly of: Promise<void>; readonly promise: Promise<void> } | undefined
  #sink: ReceiverSink | undefined
  #signal: AbortSignal | undefined
  /** Settles when the kept values are handed over. Until then new ones join them, or they would overtake. */
  #drain: Promise<void> | undefined
  #drained = false
  readonly #over: () => boolean
  #ended = false
  #end: () => void = () => undefined

  /** `over`: whether the context that the stream belongs to has stopped, so that values would never be taken. */
  constructor(name = 'push', { onFull = 'wait' }: PushOptions = {}, over: () => boolean = () => false) {
    if (!ON_FULL.includes(onFull)) {
      throw new ArgumentError(`onFull is ${JSON.stringify(onFull)}; it must be 'wait', 'reject' or 'drop'.`, { onFull })
    }
    this.#onFull = onFull
    this.#over = over
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve
    })
    this.source = {
      kind: 'receiver',
      name,
      codec: 'records',
      create: () => new LoopReceiver(name, (sink, signal, ready) => this.#run(sink, signal, ready, ended)),
    }
  }

  /** Records that wait for a stream. */
  get pending(): number {
    return this.#kept.length
  }

  /** Values dropped so far, with onFull 'drop'. Each batch has its own count in the `inputs` of its events. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Adds records. Undefined: go on. A promise: the values are taken, but wait for it before the next ones. It resolves
   * when there is room, or when the stream stops. While no stream runs, values are kept.
   *
   * Records are copied: later changes to them are not seen. None of the values of a call that throws is taken.
   *
   * @throws StateError after `end`, once the context has stopped, and when more than 65,536 values or 64 MiB would be kept.
   * BufferFullError by `onFull`. DataError where a value is not data, with the path to it.
   */
  push(...values: T[]): Promise<void> | undefined {
    return this.#add(values)
  }

  /** The same for an array, which is copied: a call with very many arguments would overflow the stack. */
  pushAll(values: readonly T[]): Promise<void> | undefined {
    return this.#add(values.slice())
  }

  /** No more values will come. Those kept are still delivered. May be called again. */
  end(): void {
    this.#ended = true
    this.#end()
  }

  #add(values: T[]): Promise<void> | undefined {
    const { name } = this.source
    if (this.#ended) throw new StateError(`${name} is ended, it takes no more values. Push before end().`)
    if (this.#over()) {
      throw new StateError(`${name} takes no more values: its context is stopped. Push before stop().`, {
        given: values.length,
      })
    }
    if (values.length === 0) return undefined
    checkRecords(values, name)
    const signal = this.#signal
    const running = this.#sink !== undefined && signal !== undefined && !signal.aborted
    if (running && this.#onFull !== 'wait' && (!this.#drained || this.#sink!.full())) return this.#refuse(values.length)
    if (running && this.#drained) {
      this.#sink!.records(values)
      if (this.#onFull !== 'wait') return undefined
      const room = this.#sink!.full()
      return room && this.#wait(room, signal)
    }
    const size = { bytes: 0 }
    const copies = values.map((value) => copyData(value, size) as T)
    if (this.#kept.length + values.length > MAX_KEPT || this.#keptBytes + size.bytes > MAX_KEPT_BYTES) {
      throw new StateError(
        `${name} keeps ${this.#kept.length} values already and got ${values.length} more; at most ${MAX_KEPT} are kept, and ${MAX_KEPT_BYTES} bytes, ` +
          'while no stream takes them. Start the context first, or wait for the promise that push returns.',
        {
          kept: this.#kept.length,
          given: values.length,
          limit: MAX_KEPT,
          bytes: size.bytes,
          limitBytes: MAX_KEPT_BYTES,
        },
      )
    }
    for (const copy of copies) this.#kept.push(copy)
    this.#keptBytes += size.bytes
    return running ? this.#drain : undefined
  }

  /** One promise for all calls that wait for the same room: each would listen to the signal. */
  #wait(room: Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#room?.of !== room) this.#room = { of: room, promise: until(room, signal) }
    return this.#room.promise
  }

  #refuse(count: number): undefined {
    if (this.#onFull === 'drop') {
      this.#dropped += count
      this.#sink!.dropped?.(count)
      return undefined
    }
    throw new BufferFullError(
      `${this.source.name} has no room: it is at receiverBufferBytes or memoryLimit until batches complete. None of the ${count} values was taken. Push them again later, or raise the limit.`,
      { given: count },
    )
  }

  async #run(sink: ReceiverSink, signal: AbortSignal, ready: () => void, ended: Promise<void>): Promise<void> {
    if (this.#sink) {
      throw new StateError(
        `${this.source.name} feeds a running stream already. Make a second source for a second stream.`,
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
      // Nothing starts the stream again: what still waits for room belongs to the last batch.
      if (this.#over()) sink.records(this.#kept.splice(0))
    } finally {
      this.#sink = this.#signal = this.#drain = undefined
    }
  }

  async #handOver(sink: ReceiverSink, signal: AbortSignal): Promise<void> {
    while (this.#kept.length > 0 && !signal.aborted) {
      const part = this.#kept.slice(0, DRAIN_CHUNK)
      sink.records(part)
      this.#kept.splice(0, part.length)
      if (this.#kept.length === 0) this.#keptBytes = 0
      const room = sink.full()
      if (room) await until(room, signal)
    }
    // Set here, in the same step as the last look at #kept: after an await a push could have slipped between.
    this.#drained = true
  }
}

/** A stream that is fed by calls: `const numbers = pushSource<number>(); numbers.push(1, 2, 3)`. */
export function pushSource<T>(name?: string, options?: PushOptions): PushHandle<T> {
  return new PushHandle<T>(name, options)
}
