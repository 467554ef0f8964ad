import { AsyncLocalStorage } from 'node:async_hooks'
import { StateError, type ThreadLossReason, ThreadLostError } from '../errors.js'
import type { FoundFile } from '../files/find.js'
import { FunctionResolver } from '../ops/functions/resolve.js'
import type { JobRunner } from '../ops/job-runner.js'
import type { Observation, Sink } from '../ops/plan.js'
import { creditAdditions } from '../ops/rdd/accumulators.js'
import type { RddBuilder } from '../ops/rdd/builder.js'
import type { Rdd, ShuffleDependency } from '../ops/rdd/rdd.js'
import { ByteWriter } from '../pool/blocks/byte-writer.js'
import type { BlockCodec, BlockHandle } from '../pool/blocks/handle.js'
import { openBlock } from '../pool/blocks/layout.js'
import { encodeRecords } from '../pool/blocks/records-codec.js'
import { SegmentPool } from '../pool/blocks/segments.js'
import { writeBlock } from '../pool/blocks/write-block.js'
import type { SegmentGrant, WorkerBoot, WrittenBlock } from '../pool/protocol.js'
import { ThreadPool } from '../pool/thread-pool.js'
import { BlockManager } from './block-manager.js'
import { cancelAllTasks } from './cancel-tasks.js'
import { ContentVersions } from './content-versions.js'
import { DagScheduler } from './dag-scheduler.js'
import { DeadLetters } from './dead-letters.js'
import { DiskStore } from './disk-store.js'
import { DriverWriter } from './driver-writer.js'
import { Events } from './events.js'
import { Exchanges } from './exchange.js'
import type { FileReads } from './file-reads.js'
import { KeptPartitions, type KeptPlace } from './kept-partitions.js'
import { MapOutputs } from './map-outputs.js'
import { memoryWarning } from './memory.js'
import { MemoryGuard } from './memory-guard.js'
import type { CheckedOptions } from './options.js'
import type { PlannedTask } from './planner.js'
import { ProgramTable } from './program-table.js'
import { staysInside } from './repeatable.js'
import { Replication } from './replication.js'
import { SegmentLending } from './segment-lending.js'
import { Spilling } from './spilling.js'
import { StateTracker } from './state-tracker.js'
import { takeAnswer } from './take-answer.js'
import type { TaskDone, TaskSpec } from './task.js'
import { TaskScheduler } from './task-scheduler.js'

/** A batch that runs. */
export interface RunningBatch {
  readonly time: number
}

/** The batch in whose output operation an action is called, so that its jobs carry the batch's time. */
export const currentBatch = new AsyncLocalStorage<RunningBatch>()

/** What ends the jobs of the actions that are called meanwhile. */
export const currentSignal = new AsyncLocalStorage<AbortSignal | undefined>()

/** The driver's own number as a writer of blocks. Threads are numbered from 1. */
export const DRIVER = 0

/** The bytes of a block, which stay as they are until `done` is called. */
export interface HeldBlock {
  readonly payload: Uint8Array
  readonly done: () => void
}

function reasonOf(cause: unknown): ThreadLossReason | undefined {
  return cause instanceof ThreadLostError ? cause.reason : undefined
}

/** Threads, blocks and schedulers of one context, put together. Implements what actions ask for. */
export class Engine implements JobRunner {
  readonly events: Events
  readonly segments = new SegmentPool()
  readonly blocks: BlockManager
  readonly states: StateTracker
  readonly deadLetters: DeadLetters
  readonly memory: MemoryGuard
  readonly #options: CheckedOptions
  readonly #builder: RddBuilder
  readonly #versions = new ContentVersions((rollback) => this.events.emit('rolledBack', rollback))
  readonly #files: DiskStore
  readonly #spilling: Spilling
  readonly #outputs: MapOutputs
  readonly #kept: KeptPartitions
  readonly #values: KeptPartitions
  readonly #programs = new ProgramTable()
  readonly #lending = new SegmentLending(this.segments)
  readonly #writer: DriverWriter
  readonly #scratch = new ByteWriter()
  readonly #textFiles = new WeakMap<Rdd<unknown>, readonly FoundFile[]>()
  readonly #fileReads = new WeakMap<Rdd<unknown>, FileReads>()
  readonly #broadcasts = new Map<number, BlockHandle>()
  readonly #broadcastsSent = new Map<number, Set<number>>()
  readonly #resolver: FunctionResolver
  /** What belongs to the streams: told of records that a source's partition turned out to have. */
  onSourceRead: (rdd: number, partition: number, records: number) => void = () => {}
  /** Told of what tasks saw of event time. */
  onObserved: (observation: Observation) => void = () => {}
  #boot: WorkerBoot['pipeline']
  #opening: Promise<{ pool: ThreadPool; dag: DagScheduler }> | undefined
  #pool: ThreadPool | undefined
  #tasks: TaskScheduler | undefined
  #dag: DagScheduler | undefined
  #replication: Replication | undefined
  #closed = false
  #restoring = false

  constructor(options: CheckedOptions, builder: RddBuilder) {
    this.#options = options
    this.#builder = builder
    builder.inBatch = () => currentBatch.getStore() !== undefined
    this.events = new Events((error) => options.logger.error('a listener threw', error))
    this.#files = new DiskStore({ directory: options.spillDirectory, limit: options.spillLimit })
    this.blocks = new BlockManager({
      pool: this.segments,
      files: this.#files,
      replicas: options.replicas,
      replication: options.replication,
      threads: () => this.#owners(),
    })
    this.deadLetters = new DeadLetters(options.deadLetterLimit)
    this.#writer = this.newWriter(DRIVER)
    this.#outputs = new MapOutputs(this.blocks, this.#versions)
    this.#spilling = new Spilling({
      store: this.#files,
      events: this.events,
      logger: options.logger,
      hold: (block) => this.hold(block),
      settled: () => this.#tasks?.threadsChanged(),
    })
    this.#kept = new KeptPartitions(this.blocks, this.#versions, this.#spilling)
    this.memory = new MemoryGuard({
      limit: options.memoryLimit,
      segments: this.segments,
      blocks: this.blocks,
      kept: this.#kept,
      outputs: this.#outputs,
      spilling: this.#spilling,
      events: this.events,
      stopRehearsing: () => this.#tasks?.stopRehearsing(),
      settledUses: () => this.#dag?.settledUses ?? 0,
    })
    this.#values = new KeptPartitions(this.blocks, this.#versions)
    const alive = (thread: number) => this.#owners().includes(thread)
    this.states = new StateTracker(this.blocks, options.stateSnapshotInterval, alive, options.threads)
    this.#resolver = new FunctionResolver({
      table: builder.table,
      // Read anew each time: a pipeline module is loaded after this.
      get exports() {
        return Object.fromEntries([...builder.exports].map(([fn, name]) => [name, fn]))
      },
      broadcast: (id) => builder.broadcastValue(id),
    })
  }

  /** The pipeline module that every thread loads; to be set before the threads start. */
  setPipeline(pipeline: NonNullable<WorkerBoot['pipeline']>): void {
    this.#boot = pipeline
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The threads, once started. */
  get pool(): ThreadPool | undefined {
    return this.#pool
  }

  /** Starts the threads, if they are not started yet. */
  async open(): Promise<void> {
    await this.#open()
  }

  async run<U>(rdd: Rdd<unknown>, sink: Sink, partitions?: readonly number[]): Promise<U[]> {
    const { dag } = await this.#open()
    const wanted = partitions ?? Array.from({ length: rdd.partitions }, (_, p) => p)
    const batchTime = currentBatch.getStore()?.time
    const done = await dag.run(rdd, sink, wanted, batchTime, currentSignal.getStore()).finally(() => {
      // A batch tells at its end what all of its jobs have given up.
      if (batchTime === undefined) this.#tellDeadLetters()
    })
    await this.#builder.afterJob?.(rdd)
    return done.map(({ value }) => value as U)
  }

  #tellDeadLetters(): void {
    const given = this.deadLetters.take(undefined)
    if (given) this.events.emit('deadLetters', given)
  }

  unpersist(rdd: Rdd<unknown>): void {
    this.#kept.release(rdd.id)
  }

  /** Lets everything go that the engine keeps for an RDD. */
  forget(rdd: Rdd<unknown>): void {
    this.#kept.release(rdd.id)
    this.#values.release(rdd.id)
    for (const dependency of rdd.dependencies) if (dependency.kind === 'shuffle') this.#outputs.release(dependency.id)
  }

  /** Writes records into a block of the driver's, accepted but not registered. */
  write(codec: BlockCodec, records: readonly unknown[]): BlockHandle {
    this.#scratch.reset()
    encodeRecords(this.#scratch, records)
    return this.writeBytes(this.#scratch.bytes(), codec, records.length)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#replication?.stop()
    this.#tasks?.close()
    // Calls that are out hear of the end through their signals, before their threads are terminated.
    if (this.#tasks) await cancelAllTasks(this.#tasks.running)
    const opening = this.#opening
    if (opening)
      await opening.then(
        ({ pool }) => pool.close(),
        () => undefined,
      )
    this.#spilling.stop()
    await this.#files.close()
    this.events.close()
  }

  #open(): Promise<{ pool: ThreadPool; dag: DagScheduler }> {
    if (this.#closed) {
      return Promise.reject(new StateError('The context is stopped; it runs no more jobs. Make a new context.'))
    }
    this.#opening ??= this.#start()
    return this.#opening
  }

  async #start(): Promise<{ pool: ThreadPool; dag: DagScheduler }> {
    const {
      threads,
      spare,
      rehearsals,
      codegen,
      faults,
      logger,
      resourceLimits,
      memoryLimit,
      maxFailures,
      taskTimeoutMs,
      speculation,
    } = this.#options
    const warning = memoryWarning({ ...resourceLimits, memoryLimit, threads: threads + (spare ? 1 : 0) })
    if (warning) logger.warn(warning)
    const pool = await ThreadPool.open({
      threads,
      spare,
      boot: { pipeline: this.#boot, codegen, faults },
      resourceLimits,
      // A thread that was killed from outside while it booted is replaced like any other; one that cannot boot is news.
      log: {
        warn: (message, cause) => (reasonOf(cause) === 'terminated' ? logger.debug : logger.warn)(message, cause),
      },
      onThreadReady: (thread) => {
        this.events.emit('threadReady', { thread: thread.id, slot: thread.slot })
        if (thread.slot < 0 || this.#restoring) this.#tasks?.threadJoined(thread.id)
        this.#threadCame()
      },
      onPromoted: (thread) => {
        this.events.emit('threadPromoted', { thread: thread.id, slot: thread.slot })
        this.#tasks?.threadJoined(thread.id)
        this.#threadCame()
      },
      onThreadLost: (thread, loss) => this.#threadLost(thread.id, thread.slot, loss),
      onThreadGone: (thread) => this.segments.threadGone(thread.id),
      onStranded: (loss) => this.#tasks?.strand(loss),
    })
    this.#pool = pool
    const tasks = new TaskScheduler({
      pool,
      blocks: this.blocks,
      programs: this.#programs,
      exchanges: new Exchanges(this.segments),
      events: this.events,
      taskTimeoutMs,
      speculation,
      rehearse:
        spare && rehearsals ? (program) => staysInside(program, (ref) => this.#resolver.resolve(ref)) : undefined,
      roomy: () => this.usedBytes < this.#options.memoryLimit / 2,
      overLimit: () => this.memory.overLimit(),
      onUnreadableFile: (file, error) => {
        this.#kept.corrupt(file)
        this.#spilling.unreadable(error.details, error)
      },
      lend: (thread) => this.#lend(thread),
      broadcasts: (thread, ids) => this.#shipBroadcasts(thread, ids),
      take: (result) => takeAnswer(result, this.segments),
      onFileChanged: (planned, error) => {
        for (const { files } of planned.sources) {
          const leftOut = files?.ranges.some(({ path }) => path === error.details.path) && files.reads.leaveOut(error)
          if (leftOut) return leftOut
        }
        return undefined
      },
      onOutputAstray: () => this.#versions.suspect(),
      onMissingState: (planned) => this.#stateAbsent(planned),
      onReport: (thread, { created, returned }) => {
        this.#lending.made(thread, created)
        this.#lending.gaveBack(thread, returned)
      },
    })
    this.#tasks = tasks
    const tables = {
      kept: this.#kept,
      outputs: this.#outputs,
      states: this.states,
      current: (block: BlockHandle) => this.blocks.current(block),
      deadLetterLimit: this.#options.deadLetterLimit,
      textFiles: this.#textFiles,
      fileReads: this.#fileReads,
      values: (rdd: Rdd<unknown>, partition: number, values: readonly unknown[]) =>
        this.#valuesBlock(rdd, partition, values),
    }
    const books = {
      book: (done: TaskDone, batchTime: number | undefined) => {
        const differs = this.#book(done)
        if (differs) this.deadLetters.retract(done, batchTime)
        this.deadLetters.enter(done, batchTime)
      },
      undo: (done: TaskDone, batchTime: number | undefined) => {
        this.deadLetters.retract(done, batchTime)
        for (const { operator, partition, version } of done.planned.states)
          this.states.undo(operator, partition, version)
      },
      mapOutput: (dependency: ShuffleDependency, { block }: WrittenBlock, done: TaskDone, spec: TaskSpec) => {
        const { partition, job } = spec
        const { again, differs } = this.#outputs.set(dependency, partition, block, done.thread, done.reads)
        if (differs) {
          this.deadLetters.retract(done, job.batchTime)
          this.deadLetters.enter(done, job.batchTime)
        }
        if (again) this.events.emit('blockRecomputed', { kind: 'shuffle', partition, ms: done.result.metrics.runMs })
      },
    }
    const debug = (message: string, cause: unknown) => logger.debug(message, cause)
    this.#replication = new Replication({ pool, blocks: this.blocks, events: this.events, debug })
    this.#dag = new DagScheduler(tasks, tables, books, this.#versions, this.#resolver, maxFailures)
    return { pool, dag: this.#dag }
  }

  /** Bytes of blocks in use. */
  get usedBytes(): number {
    return this.memory.usedBytes
  }

  /** Bytes of kept partitions in files. */
  get spilledBytes(): number {
    return this.#files.bytes
  }

  /** Threads that may own blocks: those with a slot, then the spare. */
  #owners(): number[] {
    const pool = this.#pool
    if (!pool) return []
    const spare = pool.spare()
    const ids = pool.ready().map((thread) => thread.id)
    return spare && ids.length < this.#options.replicas ? [...ids, spare.id] : ids
  }

  /** Returns whether persisted partitions came out different from lost ones. */
  #book({ planned, result, added, thread, reads }: TaskDone): boolean {
    let anyDiffers = false
    if (added) creditAdditions(this.#builder, added)
    for (const observation of result.observed ?? []) this.onObserved(observation)
    for (const { operator, partition, version, detached, rebuilt } of planned.states) {
      if (!detached) this.states.made(operator, partition, thread, version)
      if (rebuilt !== undefined)
        this.events.emit('stateRebuilt', { operator, partition, versions: rebuilt, ms: result.metrics.runMs })
    }
    for (const { as, key, full, name, after, block } of result.written) {
      if (as === 'keep') {
        const [rdd, partition] = key!.split(':').map(Number)
        const { again, differs } = this.#kept.set(rdd!, partition!, block, thread, reads)
        anyDiffers ||= differs
        if (again)
          this.events.emit('blockRecomputed', { kind: 'kept', partition: partition!, ms: result.metrics.runMs })
      }
      if (as === 'snapshot') {
        const made = planned.states.find((state) => `${state.operator}/${state.partition}/${state.version}` === key)!
        const keys = result.written.find((other) => other.as === 'keys' && other.key === key)
        const snapshot = { time: made.version, full: full === true, name, after, block, keys }
        this.states.snapshotTaken(made.operator, made.partition, made.partitions, snapshot, thread)
      }
    }
    this.#spilling.loaded(result.metrics.loaded ?? [])
    for (const { slot, rdd, partition, files } of planned.sources) {
      files?.reads.done(partition, files.ranges, result.metrics.sums?.[slot])
      this.onSourceRead(rdd, partition, result.metrics.read[slot] ?? 0)
    }
    return anyDiffers
  }

  #stateAbsent(planned: PlannedTask): void {
    for (const { operator, partition } of planned.states) this.states.absent(operator, partition)
  }

  #threadLost(thread: number, slot: number, error: ThreadLostError): void {
    this.states.threadLost(thread)
    this.#programs.threadLost(thread)
    this.#broadcastsSent.delete(thread)
    this.#lending.forget(thread)
    const { lost, adopted } = this.blocks.threadLost(thread)
    this.events.emit('threadLost', { thread, slot, reason: error.reason, error })
    if (lost > 0) this.events.emit('blocksLost', { thread, blocks: lost, recomputable: lost })
    this.#replication?.takeOver(adopted)
    this.#awaitRestored()
    this.#tasks?.threadLost(thread)
    this.#tasks?.threadsChanged()
  }

  #threadCame(): void {
    this.#replication?.takeOver(this.blocks.replenish())
    this.#tasks?.threadsChanged()
  }

  /** Tells how long the pool took to be at full strength again; losses on the way belong to the same time. */
  #awaitRestored(): void {
    if (this.#restoring || !this.#pool) return
    const began = performance.now()
    this.#restoring = true
    this.#pool.whenStrong().then(
      () => {
        this.#restoring = false
        this.events.emit('poolRestored', { ms: performance.now() - began })
      },
      (error: unknown) => this.#options.logger.debug('the pool closed while threads were missing', error),
    )
  }

  /** A writer of blocks under a number that nobody else has: for receivers. */
  newWriter(owner: number): DriverWriter {
    return new DriverWriter(owner, this.blocks, this.#lending)
  }

  /** A partition that is kept, or that the driver wrote. */
  placeOf(rdd: Rdd<unknown>, partition: number): KeptPlace | undefined {
    return this.#kept.get(rdd.id, partition)
  }

  /** Writes encoded bytes, those of a checkpoint, into a block of the driver's, accepted but not registered. */
  writeBytes(bytes: Buffer, codec: BlockCodec, count: number): BlockHandle {
    const block = writeBlock(this.#writer, bytes, { codec, count, lifetime: 'long' })
    this.#writer.settle([block])
    return block
  }

  /** Blocks that `writeBytes` gave live as long as this RDD. */
  keepFor(rdd: Rdd<unknown>, blocks: readonly BlockHandle[]): void {
    this.#values.expect(rdd)
    for (const [partition, block] of blocks.entries()) this.#values.set(rdd.id, partition, block, DRIVER)
  }

  /** The bytes of a block, for somebody who reads them aside from tasks. */
  hold(block: BlockHandle): HeldBlock {
    const now = this.blocks.current(block)
    const payload = openBlock(this.segments.memory(now.segment), now)
    this.blocks.pin([now.id])
    return { payload, done: () => this.blocks.unpin([now.id]) }
  }

  #lend(thread: number): readonly SegmentGrant[] | undefined {
    const grants = this.#lending.take(thread)
    if (grants) this.blocks.knows(thread, grants)
    return grants
  }

  #valuesBlock(rdd: Rdd<unknown>, partition: number, values: readonly unknown[]): BlockHandle | undefined {
    if (values.length === 0) return undefined
    const known = this.#values.get(rdd.id, partition)
    if (known?.in === 'memory') return known.block
    this.#values.expect(rdd)
    const block = this.write('records', values)
    this.#values.set(rdd.id, partition, block, DRIVER)
    return block
  }

  #shipBroadcasts(thread: number, ids: readonly number[]): { id: number; block: BlockHandle }[] {
    let sent = this.#broadcastsSent.get(thread)
    if (!sent) this.#broadcastsSent.set(thread, (sent = new Set()))
    const shipped: { id: number; block: BlockHandle }[] = []
    for (const id of ids) {
      if (sent.has(id)) continue
      sent.add(id)
      let block = this.#broadcasts.get(id)
      if (!block) {
        block = this.write('records', [this.#builder.broadcastValue(id)])
        this.blocks.register(block, DRIVER, { rooted: true })
        this.#broadcasts.set(id, block)
      }
      shipped.push({ id, block })
    }
    return shipped
  }
}
