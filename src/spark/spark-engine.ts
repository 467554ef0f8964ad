import { processFaultPoint } from '../engine/checkpoint/fault-points.js'
import { currentBatch, currentSignals } from '../engine/current-batch.js'
import { DeadLetters } from '../engine/dead-letters/dead-letters.js'
import type { Engine } from '../engine/engine.js'
import { Events } from '../engine/events/events.js'
import type { ContextSettings } from '../engine/options.js'
import { StateError } from '../errors.js'
import type { Dataset } from '../ops/dataset.js'
import { FunctionResolver } from '../ops/functions/resolve.js'
import type { JobSeries } from '../ops/job-runner.js'
import type { Sink } from '../ops/plan.js'
import { checkpointsOf } from '../ops/rdd/checkpoint-marks.js'
import type { RddContext } from '../ops/rdd/context.js'
import type { ProcessFaultPoint } from '../pool/fault-points.js'
import type { Session } from './session.js'
import { unsupported } from './unsupported.js'

/**
 * Runs the jobs of a context on Spark, which schedules, retries, shuffles and persists. Node processes of the executors run the tasks. The
 * first action starts the JVM, and loads all other modules of this folder.
 */
export class SparkEngine implements Engine {
  readonly events: Events
  readonly deadLetters: DeadLetters
  readonly #options: ContextSettings
  readonly #context: RddContext
  readonly #closing = new AbortController()
  #opening: Promise<Session> | undefined

  constructor(options: ContextSettings, context: RddContext) {
    this.#options = options
    this.#context = context
    this.events = new Events((error) => options.logger.error('a listener threw', error))
    this.deadLetters = new DeadLetters(options.deadLetterLimit)
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  get isInBatch(): boolean {
    return currentBatch.getStore() !== undefined
  }

  async open(): Promise<void> {
    await this.#session()
  }

  async run<U>(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<U[]> {
    if (!checkpointsOf(this.#context).isEmpty) throw unsupported('checkpoint()')
    const session = await this.#session()
    const wanted = partitions ?? Array.from({ length: rdd.partitions }, (_, partition) => partition)
    try {
      const signals = [...(currentSignals.getStore() ?? []), this.#closing.signal]
      return (await session.run(rdd, sink, wanted, currentBatch.getStore(), signals)) as U[]
    } finally {
      const letters = this.deadLetters.take(undefined)
      if (letters) this.events.emit('deadLetters', letters)
    }
  }

  /** Spark recomputes lost data without notice, so jobs of a series cannot know whether they read the same version. */
  series(): JobSeries {
    return {
      isConsistent: true,
      run: (rdd, sink, partitions) => this.run(rdd, sink, partitions),
      restart: () => {},
      inconsistent: () => new StateError('The jobs of an action on a Spark master do not compare versions of data.'),
    }
  }

  faultPoint(point: ProcessFaultPoint): void {
    processFaultPoint(point, this.#options.faults)
  }

  datasetCreated(): void {}

  datasetComputed(): void {}

  unpersist(rdd: Dataset): void {
    this.#whenOpen((session) => session.unpersist(rdd))
    this.events.emit('unpersisted', { rdd: rdd.id, label: rdd.label })
  }

  releaseBroadcast(id: number): void {
    this.#whenOpen((session) => session.releaseBroadcast(id))
  }

  // Members for streams.

  get states(): never {
    return this.#unsupported()
  }

  get stateSizes(): never {
    return this.#unsupported()
  }

  get driver(): never {
    return this.#unsupported()
  }

  get memory(): never {
    return this.#unsupported()
  }

  setPipeline(): never {
    return this.#unsupported()
  }

  attach(): never {
    return this.#unsupported()
  }

  release(): never {
    return this.#unsupported()
  }

  locationOf(): never {
    return this.#unsupported()
  }

  attachBlocks(): never {
    return this.#unsupported()
  }

  lineageOf(): never {
    return this.#unsupported()
  }

  status(): never {
    return this.#unsupported()
  }

  async terminateThread(): Promise<never> {
    return this.#unsupported()
  }

  async close(): Promise<void> {
    this.#closing.abort(stopped())
    const session = await this.#opening?.catch(() => undefined)
    await session?.close()
    await this.#context.files.close()
    if (session) this.events.emit('contextStopped', {})
    this.events.close()
  }

  #unsupported(): never {
    throw new StateError(
      `The context runs its jobs on ${this.#options.master}. It has no streams, and no threads in this process.`,
    )
  }

  /** Frees something on Spark. Where there is no session, or none any more, it is free already. */
  #whenOpen(free: (session: Session) => void): void {
    void this.#opening?.then(
      (session) => {
        if (!session.isEnded) free(session)
      },
      () => {},
    )
  }

  #session(): Promise<Session> {
    if (this.closed) return Promise.reject(stopped())
    this.#opening ??= this.#start()
    return this.#opening
  }

  async #start(): Promise<Session> {
    const { events, deadLetters } = this
    const options = this.#options
    const context = this.#context
    const { signal: closing } = this.#closing
    const resolver = new FunctionResolver({ table: context.table, broadcast: (id) => context.broadcasts.get(id) })
    const { Session: Opened } = await import('./session.js')
    const session = await Opened.open({ options, context, resolver, events, deadLetters, closing })
    events.emit('contextStarted', { threads: options.threads })
    return session
  }
}

function stopped(): StateError {
  return new StateError('The context is stopped and runs no more jobs. Create a new context.')
}
