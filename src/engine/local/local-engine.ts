import { StateError } from '../../errors.js'
import type { Dataset, ShuffleDependency } from '../../ops/dataset.js'
import { FunctionResolver } from '../../ops/functions/resolve.js'
import type { JobSeries } from '../../ops/job-runner.js'
import type { Sink } from '../../ops/plan.js'
import { checkpointsOf } from '../../ops/rdd/checkpoint-marks.js'
import type { RddContext } from '../../ops/rdd/context.js'
import { StateRdd } from '../../ops/rdd/state.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { ProcessFaultPoint } from '../../pool/fault-points.js'
import type { WorkerBoot } from '../../pool/protocol.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import { writeDatasetCheckpoints } from '../checkpoint/dataset-checkpoints.js'
import { processFaultPoint } from '../checkpoint/fault-points.js'
import { currentBatch, currentSignals } from '../current-batch.js'
import type { DatasetLineage, Engine, EngineStatus, SnapshotRequest, TakenSnapshots } from '../engine.js'
import type { ContextSettings } from '../options.js'
import type { TaskDone } from '../scheduler/task.js'
import { HeapPressure } from '../storage/heap-pressure.js'
import type { PersistedLocation } from '../storage/persisted-partitions.js'
import { type SettledDataset, settledDataset } from '../storage/settled-dataset.js'
import type { StreamListener } from '../stream-port.js'
import { assembleScheduler, type Running } from './assemble-scheduler.js'
import { assembleStorage, type Storage } from './assemble-storage.js'
import { EngineJobSeries } from './job-series.js'
import { LineageRecorder } from './lineage-recorder.js'
import { takeLocalStatus } from './status.js'
import { takeSnapshots } from './take-snapshots.js'
import { terminateThread } from './terminate-thread.js'

/** Runs jobs in threads of this process. Its storage exists from the start; the first action starts the threads. */
export class LocalEngine implements Engine {
  readonly sharesMemory = true
  readonly #options: ContextSettings
  readonly #context: RddContext
  readonly #resolver: FunctionResolver
  readonly #storage: Storage
  readonly #pressure = new HeapPressure()
  #pipeline: WorkerBoot['pipeline']
  #opening: Promise<Running> | undefined
  #running: Running | undefined
  readonly #closing = new AbortController()

  constructor(options: ContextSettings, context: RddContext) {
    this.#options = options
    this.#context = context
    this.#storage = assembleStorage(options, context)
    this.#resolver = new FunctionResolver({
      table: context.table,
      // Read at each access, because a pipeline module is loaded later.
      get exports() {
        return Object.fromEntries([...context.exports].map(([fn, name]) => [name, fn]))
      },
      broadcast: (id) => context.broadcasts.get(id),
    })
  }

  get events() {
    return this.#storage.events
  }

  get segments() {
    return this.#storage.segments
  }

  get blocks() {
    return this.#storage.blocks
  }

  /** The blocks that the driver itself reads and writes. */
  get driver() {
    return this.#storage.driver
  }

  get states() {
    return this.#storage.states
  }

  get stateSizes() {
    return this.#storage.stateSizes
  }

  get deadLetters() {
    return this.#storage.deadLetters
  }

  get memory() {
    return this.#storage.memory
  }

  /** The threads; undefined before the first action. */
  get pool(): ThreadPool | undefined {
    return this.#storage.threads.pool
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  faultPoint(point: ProcessFaultPoint): void {
    processFaultPoint(point, this.#options.faults)
  }

  get isInBatch(): boolean {
    return currentBatch.getStore() !== undefined
  }

  /** Threads load the module from the driver's URL. */
  async preparePipeline(url: string): Promise<string> {
    return url
  }

  /** Sets the pipeline module that every thread loads. Call it before the threads start. */
  setPipeline(pipeline: NonNullable<WorkerBoot['pipeline']>): void {
    this.#pipeline = pipeline
  }

  /** Attaches the streams that run on this engine. */
  attach(streams: StreamListener): void {
    this.#storage.streams.attach(streams)
  }

  /** Starts the threads, if they are not started yet. */
  async open(): Promise<void> {
    await this.#open()
  }

  async run<U>(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<U[]> {
    const done = await this.runTasks(rdd, sink, partitions)
    return done.map(({ value }) => value as U)
  }

  series(): JobSeries {
    return new EngineJobSeries(this, this.#storage.versions)
  }

  /** Like `run`, but also returns what the tasks have read. */
  async runTasks(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<TaskDone[]> {
    const { dag } = await this.#open()
    const wanted = partitions ?? Array.from({ length: rdd.partitions }, (_, p) => p)
    const batch = currentBatch.getStore()
    const done = await dag.run(rdd, sink, wanted, batch, currentSignals.getStore()).finally(() => {
      // Dead letters of a batch are emitted at its end, together for all of its jobs.
      if (batch) return
      this.#emitDeadLetters()
      // A stream frees the data of its batches itself.
      this.#pressure.update(this.memory.usedBytes)
    })
    const checkpoints = checkpointsOf(this.#context)
    if (!checkpoints.isEmpty) await writeDatasetCheckpoints(checkpoints, rdd)
    return done
  }

  datasetCreated(rdd: Dataset): void {
    this.#storage.streams.datasetCreated(rdd)
  }

  datasetComputed(rdd: Dataset): void {
    if (rdd instanceof StateRdd) this.states.register(rdd)
  }

  unpersist(rdd: Dataset): void {
    this.#storage.persisted.release(rdd.id)
    this.events.emit('unpersisted', { rdd: rdd.id, label: rdd.label })
  }

  releaseBroadcast(id: number): void {
    const { port, broadcasts } = this.#storage
    // Copies of finished tasks, kept for warm-up, use it too.
    port.dropWarmUpInputs()
    broadcasts.release(id)
  }

  /** Frees everything stored for a dataset, because no later batch reads it. */
  release(rdd: Dataset): void {
    const { persisted, values, outputs } = this.#storage
    persisted.release(rdd.id)
    values.release(rdd)
    for (const dependency of rdd.dependencies) if (dependency.kind === 'shuffle') outputs.release(dependency.id)
  }

  /** Returns the location of a persisted partition; undefined if it is not persisted. */
  locationOf(rdd: Dataset, partition: number): PersistedLocation | undefined {
    return this.#storage.persisted.get(rdd.id, partition)
  }

  settled(rdd: Dataset): SettledDataset | undefined {
    return settledDataset(rdd, this.#storage)
  }

  /** Returns the location of values of the driver; undefined if no task has read them. */
  valuesAt(rdd: Dataset, partition: number): PersistedLocation | undefined {
    return this.#storage.values.locationOf(rdd, partition)
  }

  /** Returns the map outputs of a shuffle that exist now, by map partition. */
  outputsOf(dependency: ShuffleDependency): readonly (BlockHandle | undefined)[] {
    return this.#storage.outputs.existing(dependency)
  }

  /** Registers blocks that the driver wrote as the partitions of a dataset. They live as long as the dataset. */
  attachBlocks(rdd: Dataset, blocks: readonly BlockHandle[]): void {
    this.#storage.values.attach(rdd, blocks)
  }

  snapshots(request: SnapshotRequest): Promise<TakenSnapshots> {
    return takeSnapshots(request, this.states, (rdd, sink, partitions) => this.run(rdd, sink, partitions))
  }

  lineageOf(rdd: Dataset, partition: number): DatasetLineage {
    const recorder = new LineageRecorder(this)
    recorder.of(rdd, partition)
    return { steps: recorder.steps(), truncated: recorder.truncated }
  }

  status(): EngineStatus {
    return takeLocalStatus(this.#storage)
  }

  async terminateThread(slot: number): Promise<void> {
    await terminateThread(this.pool, slot)
  }

  /** Cancels running jobs and stops the threads. Removes all files. */
  async close(): Promise<void> {
    // Threads that are still booting may take long, so their pool closes at once.
    this.#closing.abort()
    const { spilling, files, stateSpills, events } = this.#storage
    // If the threads cannot start, the caller of the action that started them gets the error.
    const running = this.#running ?? (await this.#opening?.catch(() => undefined))
    if (running) {
      const { pool, replication, loop } = running
      replication.stop()
      // The signals of running calls abort before their threads are terminated.
      await loop.close()
      await pool.close()
    }
    spilling.stop()
    this.#pressure.update(0)
    await files.close()
    await stateSpills.close()
    await this.#context.files.close()
    if (running) events.emit('contextStopped', {})
    events.close()
  }

  #open(): Promise<Running> {
    if (this.closed) return Promise.reject(stopped())
    this.#opening ??= this.#start()
    return this.#opening
  }

  async #start(): Promise<Running> {
    const { signal } = this.#closing
    const parts = [this.#options, this.#storage, this.#context, this.#resolver, this.#pipeline] as const
    try {
      this.#running = await assembleScheduler(...parts, signal)
      this.events.emit('contextStarted', { threads: this.#options.threads })
      return this.#running
    } catch (error) {
      throw signal.aborted ? stopped() : error
    }
  }

  #emitDeadLetters(): void {
    const letters = this.deadLetters.take(undefined)
    if (letters) this.events.emit('deadLetters', letters)
  }
}

function stopped(): StateError {
  return new StateError('The context is stopped and runs no more jobs. Create a new context.')
}
