import { setMaxListeners } from 'node:events'
import type { Clock } from '../../ops/clock.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { InputNode } from '../../ops/dstream/node.js'
import type { BatchLog } from '../checkpoint/batch-log.js'
import type { Engine } from '../engine.js'
import type { Logger } from '../logger.js'
import { type BackpressureOptions, RateControl, type SavedRate } from './back-pressure.js'

export interface InputsOptions {
  readonly graph: StreamGraph
  readonly engine: Engine
  /** Bytes that a receiver may buffer before it must wait. */
  readonly receiverBufferBytes: number
  /** Set if inputs are limited to what batches can process. */
  readonly backpressure: BackpressureOptions | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Set with checkpoints: records which input belongs to which batch. */
  readonly log?: BatchLog
  /** Whether checkpoints are written, which contain the positions of sources. */
  readonly checkpoints: boolean
}

/** The inputs in a checkpoint, by their uids. */
export interface SavedInputs {
  readonly positions: readonly { readonly uid: string; readonly value: unknown }[]
  readonly rates: readonly ({ readonly uid: string } & SavedRate)[]
}

/** The data with which inputs start. */
export interface InputStart {
  readonly zeroTime: number
  readonly batchInterval: number
  /** How long start() waits for an input, in ms, before it reports the delay. */
  readonly reportAfterMs: number
  readonly saved: SavedInputs | undefined
  /** Whether the inputs end where they end now. */
  readonly stopAtEnd: boolean
}

/** The context that all inputs of a running context share. */
export class InputContext {
  readonly options: InputsOptions
  readonly #stopped = new AbortController()

  constructor(options: InputsOptions) {
    this.options = options
    // Each receiver listens, and there may be any number: Node warns of a leak from the eleventh on.
    setMaxListeners(0, this.#stopped.signal)
  }

  /** Aborts when the inputs stop. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  stop(): void {
    this.#stopped.abort()
  }

  /** Logs a fault of an input and emits an event. The streams continue. */
  report({ id, source: { name } }: InputNode, message: string, cause?: unknown): void {
    const { engine, logger } = this.options
    // Some sources already name themselves in the message.
    logger.warn(message.startsWith(name) ? message : `${name}: ${message}`, cause)
    engine.events.emit('receiverError', { stream: id, name, message, cause })
  }
}

/** Returns the rate control of an input, at its saved rate; undefined without back-pressure. */
export function rateControlOf(
  input: InputNode,
  { options: { backpressure, graph } }: InputContext,
  { batchInterval, saved }: InputStart,
): RateControl | undefined {
  const rate = saved?.rates.find(({ uid }) => uid === graph.uids.get(input))
  return backpressure && new RateControl(backpressure, batchInterval, rate)
}
