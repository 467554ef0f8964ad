import type { BatchTime, BlockId } from '../../ids.js'
import type { ShuffleDependency } from '../../ops/dataset.js'
import { creditAdditions } from '../../ops/rdd/accumulators.js'
import type { RddContext } from '../../ops/rdd/context.js'
import type { WrittenBlock } from '../../pool/protocol.js'
import type { TaskListener } from '../scheduler/dag-scheduler.js'
import type { TaskDone, TaskSpec } from '../scheduler/task.js'
import type { Storage } from './assemble-storage.js'

/**
 * Registers the results of finished tasks: blocks, state, accumulators, event times, record counts and dead letters.
 */
export class TaskCompletion implements TaskListener {
  readonly #storage: Storage
  readonly #context: RddContext
  /** Map outputs and persisted partitions of batch jobs that have not ended. */
  #unsettled: BlockId[] = []

  constructor(storage: Storage, context: RddContext) {
    this.#storage = storage
    this.#context = context
  }

  /** Called when a task is done. `mapOutputWritten` registers its map output, if it wrote one. */
  taskDone(done: TaskDone, spec: TaskSpec): void {
    const { deadLetters, spilling } = this.#storage
    const { batchTime, areAdditionsRestored } = spec.job
    // Additions cannot be undone, so a task that runs again after a rollback adds nothing.
    if (done.added && !spec.credited) creditAdditions(this.#context, done.added, areAdditionsRestored)
    spec.credited = true
    this.#versionsOf(done)
    const differs = this.#partitionsOf(done, batchTime)
    this.#snapshotsOf(done)
    spilling.loaded(done.result.metrics.loaded ?? [])
    this.#readingsOf(done)
    // Recomputed partitions that came out different have other dead letters too.
    if (differs) deadLetters.retract(done, batchTime)
    deadLetters.enter(done, batchTime)
  }

  /**
   * Called when a task's inputs came out different on recomputation: it runs again, from the previous state versions.
   */
  taskUndone(done: TaskDone, batchTime: BatchTime | undefined): void {
    const { deadLetters, states } = this.#storage
    deadLetters.retract(done, batchTime)
    for (const { operator, partition, version } of done.planned.states) states.undo(operator, partition, version)
  }

  mapOutputWritten(
    dependency: ShuffleDependency,
    { block }: WrittenBlock,
    done: TaskDone,
    { partition, job }: TaskSpec,
  ): void {
    const { outputs, deadLetters, events } = this.#storage
    const { again, differs } = outputs.set(dependency, partition, block, done.thread, done.reads)
    if (job.batchTime !== undefined) this.#unsettled.push(block.id)
    if (differs) {
      deadLetters.retract(done, job.batchTime)
      deadLetters.enter(done, job.batchTime)
    }
    if (again) events.emit('blockRecomputed', { kind: 'shuffle', partition, ms: done.result.metrics.runMs })
  }

  /**
   * Roots the job's data: results and state that were computed from it remain. If the data were recomputed by a
   * function that is not deterministic, later jobs, batches and rebuilds of state would compute different records.
   */
  batchJobEnded(): void {
    this.#storage.blocks.root(this.#unsettled)
    this.#unsettled = []
  }

  #versionsOf({ planned, result, thread }: TaskDone): void {
    const { states, events } = this.#storage
    for (const { operator, partition, version, detached, rebuilt } of planned.states) {
      if (!detached) states.made(operator, partition, thread, version)
      if (rebuilt === undefined) continue
      events.emit('stateRebuilt', { operator, partition, versions: rebuilt, ms: result.metrics.runMs })
    }
  }

  /** Registers persisted partitions. Returns whether any came out different from lost ones. */
  #partitionsOf({ result, thread, reads }: TaskDone, batchTime: BatchTime | undefined): boolean {
    const { persisted, events } = this.#storage
    let anyDiffers = false
    for (const { as, key, block } of result.written) {
      if (as !== 'keep') continue
      const [rdd, partition] = key!.split(':').map(Number) as [number, number]
      const { again, differs } = persisted.set(rdd, partition, block, thread, reads)
      anyDiffers ||= differs
      if (batchTime !== undefined) this.#unsettled.push(block.id)
      if (again) events.emit('blockRecomputed', { kind: 'persisted', partition, ms: result.metrics.runMs })
    }
    return anyDiffers
  }

  #snapshotsOf({ planned, result: { written }, thread }: TaskDone): void {
    for (const { as, key, full, name, after, block } of written) {
      if (as !== 'snapshot') continue
      const state = planned.states.find(
        ({ operator, partition, version }) => `${operator}/${partition}/${version}` === key,
      )!
      const keys = written.find((other) => other.as === 'keys' && other.key === key)
      const snapshot = { time: state.version, full: full === true, name, after, block, keys }
      this.#storage.states.snapshotTaken(state.operator, state.partition, state.partitions, snapshot, thread)
    }
  }

  #readingsOf({ planned, result: { metrics, observed, states } }: TaskDone): void {
    const { streams, stateSizes } = this.#storage
    for (const size of states ?? []) stateSizes.report(size)
    for (const observation of observed ?? []) streams.eventTimesObserved(observation)
    for (const { input, rdd, partition, files } of planned.sources) {
      files?.reads.done(partition, files.ranges, metrics.sums?.[input])
      streams.sourceRead(rdd, partition, metrics.read[input] ?? 0)
    }
  }
}
