import { writeDatasetCheckpoints } from '../engine/checkpoint/dataset-checkpoints.js'
import { processFaultPoint } from '../engine/checkpoint/fault-points.js'
import { currentBatch, currentSignals } from '../engine/current-batch.js'
import { DeadLetters } from '../engine/dead-letters/dead-letters.js'
import type { Engine, EngineStatus, SnapshotRequest, TakenSnapshots } from '../engine/engine.js'
import { Events } from '../engine/events/events.js'
import type { ContextSettings } from '../engine/options.js'
import { StateSizes } from '../engine/state/state-sizes.js'
import type { DriverBlocks } from '../engine/storage/driver-blocks.js'
import { type StreamListener, StreamPort } from '../engine/stream-port.js'
import { CheckpointError, StateError } from '../errors.js'
import type { Dataset } from '../ops/dataset.js'
import { FunctionResolver } from '../ops/functions/resolve.js'
import type { JobSeries } from '../ops/job-runner.js'
import type { Sink } from '../ops/plan.js'
import { checkpointsOf } from '../ops/rdd/checkpoint-marks.js'
import type { RddContext } from '../ops/rdd/context.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { ProcessFaultPoint } from '../pool/fault-points.js'
import type { WorkerBoot } from '../pool/protocol.js'
import { AttachedBlocks } from './attached-blocks.js'
import { ClusterWatch } from './cluster-watch.js'
import { ReceivedStore } from './received-store.js'
import type { Session } from './session.js'
import type { ShippedPipeline } from './shipped-pipeline.js'
import { StateBook } from './state-book.js'
import { type Collect, StateChains } from './state-chains.js'
import { unsupported } from './unsupported.js'

/**
 * Runs the jobs of a context on Spark, which schedules, retries, shuffles and persists. Node processes of the executors run the tasks. The
 * first action starts the JVM, and loads all other modules of this folder.
 */
export class SparkEngine implements Engine {
  readonly sharesMemory = false
  readonly events: Events
  readonly deadLetters: DeadLetters
  readonly states: StateBook
  readonly stateSizes = new StateSizes()
  /** Received data. */
  readonly memory: ReceivedStore
  readonly #chains: StateChains
  readonly #attached: AttachedBlocks
  readonly #cluster = new ClusterWatch()
  readonly #streams = new StreamPort()
  #hasStreams = false
  readonly #options: ContextSettings
  readonly #context: RddContext
  readonly #closing = new AbortController()
  #opening: Promise<Session> | undefined
  #pipeline: ShippedPipeline | undefined

  constructor(options: ContextSettings, context: RddContext) {
    this.#options = options
    this.#context = context
    this.events = new Events((error) => options.logger.error('a listener threw', error))
    this.deadLetters = new DeadLetters(options.deadLetterLimit)
    this.memory = new ReceivedStore(options.memoryLimit)
    const { blocks } = this.memory
    this.states = new StateBook({ interval: options.stateSnapshotInterval, retention: this.#streams, blocks })
    this.#chains = new StateChains(blocks)
    this.#attached = new AttachedBlocks(blocks)
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
    const session = await this.#session()
    const wanted = partitions ?? Array.from({ length: rdd.partitions }, (_, partition) => partition)
    try {
      const results = (await session.run(rdd, sink, wanted, currentBatch.getStore(), this.#signals())) as U[]
      const checkpoints = checkpointsOf(this.#context)
      if (!checkpoints.isEmpty) await writeDatasetCheckpoints(checkpoints, rdd)
      return results
    } finally {
      // Dead letters of a batch are emitted at its end, together for all of its jobs.
      if (!this.isInBatch) this.#emitDeadLetters()
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

  datasetCreated(rdd: Dataset): void {
    this.#streams.datasetCreated(rdd)
  }

  datasetComputed(): void {}

  unpersist(rdd: Dataset): void {
    this.#whenOpen((session) => session.unpersist(rdd))
    this.events.emit('unpersisted', { rdd: rdd.id, label: rdd.label })
  }

  releaseBroadcast(id: number): void {
    this.#whenOpen((session) => session.releaseBroadcast(id))
  }

  attach(streams: StreamListener): void {
    this.#streams.attach(streams)
    this.#hasStreams = true
  }

  /** Frees everything stored for a dataset, because no later batch reads it. */
  release(rdd: Dataset): void {
    this.#attached.release(rdd)
    this.#whenOpen((session) => session.release(rdd))
  }

  /** The data of the driver, and the executors as they were last time. Spark's storage is its own. */
  status(): EngineStatus {
    this.#whenOpen((session) => this.#cluster.refresh(session))
    const { limit, usedBytes: used, size: blocks } = this.memory
    const received = this.#streams.receivedBytes()
    return {
      threads: [],
      cluster: this.#cluster.newest,
      memory: { limit, used, received, spilled: 0, blocks, blocksShort: 0 },
      persisted: [],
    }
  }

  get driver(): DriverBlocks {
    return this.memory.blocks
  }

  /** Bundles a module for the executors. The driver must load the same bundle. */
  async preparePipeline(url: string): Promise<string> {
    const { ShippedPipeline } = await import('./shipped-pipeline.js')
    this.#pipeline = await ShippedPipeline.of(url, this.#options.spark.external ?? [])
    return this.#pipeline.url
  }

  setPipeline({ params, fingerprint }: NonNullable<WorkerBoot['pipeline']>): void {
    this.#pipeline!.setBoot({ params, fingerprint })
  }

  /** Spark stores persisted partitions, and nothing of them is in this process. */
  locationOf(): undefined {
    return undefined
  }

  /** Partitions that Spark has persisted may be lost with an executor. They are then recomputed from received data. */
  settled(): undefined {
    return undefined
  }

  attachBlocks(rdd: Dataset, blocks: readonly BlockHandle[]): void {
    this.#attached.attach(rdd, blocks)
  }

  async snapshots(request: SnapshotRequest): Promise<TakenSnapshots> {
    const { operator, label, version, rdd } = request
    const restored = this.states.restoredRows(operator, version)
    if (restored) return { partitions: restored, release: () => {} }
    if (!rdd) {
      const message = `The state of stream ${operator} (${label}) at ${version} ms is not on the cluster.`
      throw new CheckpointError(message, { operator, version })
    }
    const session = await this.#session()
    const collect: Collect = (partitions, known) =>
      session.chains(rdd, partitions, known, currentBatch.getStore(), this.#signals())
    return await this.#chains.take(request, rdd.partitions, collect)
  }

  lineageOf(): never {
    throw unsupported('the lineage of a partition')
  }

  async terminateThread(): Promise<never> {
    throw unsupported('the end of a thread')
  }

  async close(): Promise<void> {
    this.#closing.abort(stopped())
    const session = await this.#opening?.catch(() => undefined)
    await session?.close()
    await this.#pipeline?.close()
    await this.#context.files.close()
    if (session) this.events.emit('contextStopped', {})
    this.events.close()
  }

  #signals(): AbortSignal[] {
    return [...(currentSignals.getStore() ?? []), this.#closing.signal]
  }

  #emitDeadLetters(): void {
    const letters = this.deadLetters.take(undefined)
    if (letters) this.events.emit('deadLetters', letters)
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
    const { events, deadLetters, states, stateSizes } = this
    const streams = this.#streams
    const received = this.#hasStreams ? this.memory : undefined
    const options = this.#options
    const context = this.#context
    const { signal: closing } = this.#closing
    const resolver = new FunctionResolver({ table: context.table, broadcast: (id) => context.broadcasts.get(id) })
    const { Session: Opened } = await import('./session.js')
    const parts = { events, deadLetters, streams, states, stateSizes, received, pipeline: this.#pipeline }
    const session = await Opened.open({ ...parts, options, context, resolver, closing })
    events.emit('contextStarted', { threads: options.threads })
    return session
  }
}

function stopped(): StateError {
  return new StateError('The context is stopped and runs no more jobs. Create a new context.')
}
