import { StateError } from '../errors.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { copyData } from '../values/copy.js'
import { checkRecords } from '../values/records.js'
import { LoopReceiver } from './loop-receiver.js'
import { until } from './wait.js'

/** Values kept while no stream takes them. */
const MAX_KEPT = 65_536
const DRAIN_CHUNK = 4096

/** A stream that is fed by calls. Give `source` to a context; push at any time. */
export class PushHandle<T> {
  readonly source: ReceiverSource
  #kept: T[] = []
  #sink: ReceiverSink | undefined
  #signal: AbortSignal | undefined
  /** Settles when the kept values are handed over. Until then new ones join them, or they would overtake. */
  #drain: Promise<void> | undefined
  #drained = false
  #ended = false
  #end: () => void = () => undefined

  constructor(name = 'push') {
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

  /**
   * Adds records. Undefined: go on. A promise: the values are taken, but wait for it before the next ones. It resolves
   * when there is room, or when the stream stops. While no stream runs, values are kept.
   *
   * Records are copied: later changes to them are not seen.
   *
   * @throws StateError after `end`, and when more than 65,536 values would be kept. DataError where a value is not data,
   * with the path to it. None of the values is taken then.
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
    if (values.length === 0) return undefined
    checkRecords(values, name)
    const signal = this.#signal
    const running = this.#sink !== undefined && signal !== undefined && !signal.aborted
    if (running && this.#drained) {
      this.#sink!.records(values)
      const room = this.#sink!.full()
      return room && until(room, signal)
    }
    if (this.#kept.length + values.length > MAX_KEPT) {
      throw new StateError(
        `${name} keeps ${this.#kept.length} values already and got ${values.length} more; at most ${MAX_KEPT} are kept ` +
          'while no stream takes them. Start the context first, or wait for the promise that push returns.',
        { kept: this.#kept.length, given: values.length, limit: MAX_KEPT },
      )
    }
    for (const value of values) this.#kept.push(copyData(value, { bytes: 0 }) as T)
    return running ? this.#drain : undefined
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
    } finally {
      this.#sink = this.#signal = this.#drain = undefined
    }
  }

  async #handOver(sink: ReceiverSink, signal: AbortSignal): Promise<void> {
    while (this.#kept.length > 0 && !signal.aborted) {
      const part = this.#kept.slice(0, DRAIN_CHUNK)
      sink.records(part)
      this.#kept.splice(0, part.length)
      const room = sink.full()
      if (room) await until(room, signal)
    }
    // Set here, in the same step as the last look at #kept: after an await a push could have slipped between.
    this.#drained = true
  }
}

/** A stream that is fed by calls: `const numbers = pushSource<number>(); numbers.push(1, 2, 3)`. */
export function pushSource<T>(name?: string): PushHandle<T> {
  return new PushHandle<T>(name)
}
