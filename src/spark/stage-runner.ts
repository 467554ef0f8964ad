import { deserialize } from 'node:v8'
import type { DeadLetters } from '../engine/dead-letters/dead-letters.js'
import type { ContextSettings } from '../engine/options.js'
import { AbortWatch } from '../engine/scheduler/abort-watch.js'
import type { Job } from '../engine/scheduler/task.js'
import type { StateSizes } from '../engine/state/state-sizes.js'
import type { StreamPort } from '../engine/stream-port.js'
import { JobCancelledError } from '../errors.js'
import type { Additions } from '../ops/accumulator.js'
import { creditAdditions } from '../ops/rdd/accumulators.js'
import type { RddContext } from '../ops/rdd/context.js'
import { unpackAnswer } from '../pool/answer-wire.js'
import type { Gateway } from './gateway.js'
import type { TaskReport } from './stage-input.js'
import type { Stage } from './stage-table.js'
import type { Stages } from './stages.js'
import type { StateBook } from './state-book.js'
import { jobFailed } from './task-failure.js'

/** The context of jobs, and where the reports of their tasks are entered. */
export interface RunnerOptions {
  readonly options: ContextSettings
  readonly context: RddContext
  readonly deadLetters: DeadLetters
  readonly streams: StreamPort
  readonly states: StateBook
  readonly stateSizes: StateSizes
}

/** Has the gateway run a stage, and enters what its tasks report. */
export class StageRunner {
  readonly #gateway: Gateway
  readonly #stages: Stages
  readonly #options: RunnerOptions
  readonly #aborts = new AbortWatch()

  constructor(gateway: Gateway, stages: Stages, options: RunnerOptions) {
    this.#gateway = gateway
    this.#stages = stages
    this.#options = options
  }

  /**
   * Resolves with one block for each partition. `chains`: with the chains of state instead, without the payloads of the blocks that have
   * these names.
   */
  async run(
    job: Job,
    { rdd, label }: Pick<Stage, 'rdd' | 'label'>,
    partitions: readonly number[],
    signals: readonly AbortSignal[],
    chains?: readonly string[],
  ): Promise<Buffer[]> {
    const group = `millrace-${rdd}-${job.id}`
    const { maxResultBytes } = this.#options.options
    const leave: (() => void)[] = []
    const aborted = new Promise<never>((_, reject) => {
      for (const signal of signals) {
        const cancel = () => {
          if (!this.#gateway.isEnded) this.#gateway.tell({ op: 'cancel', group })
          reject(cancelledBy(signal, job))
        }
        leave.push(this.#aborts.on(signal, cancel))
      }
    })
    try {
      const asked = this.#gateway.ask({ op: 'run', rdd, partitions, group, label, chains })
      const { results, blocks } = await (signals.length > 0 ? Promise.race([asked, aborted]) : asked)
      for (const report of blocks.slice(results)) this.#report(report, job)
      return blocks.slice(0, results)
    } catch (error) {
      throw jobFailed(error, { job, label, maxResultBytes, stageOf: (number) => this.#stages.get(number) })
    } finally {
      for (const unsubscribe of leave) unsubscribe()
    }
  }

  /** Enters what a task reports: i32 RDD, i32 partition, the serialized report. */
  #report(bytes: Buffer, job: Job): void {
    const partition = bytes.readInt32BE(4)
    const stage = this.#stages.get(bytes.readInt32BE(0))
    if (!stage || stage.reported.has(partition)) return
    stage.reported.add(partition)
    const { added, rejects, sums, read, states, observed } = deserialize(bytes.subarray(8)) as TaskReport
    const { context, deadLetters, streams, states: book, stateSizes } = this.#options
    const planned = stage.partitions[partition]!
    if (added) creditAdditions(context, unpackAnswer(added) as Additions, job.areAdditionsRestored)
    deadLetters.enter({ planned: { rejects: planned.rejecting }, result: { rejects } }, job.batchTime)
    for (const size of states) {
      book.made(size)
      stateSizes.report(size)
    }
    for (const observation of observed) streams.eventTimesObserved(observation)
    for (const { input, rdd, partition: part, files } of planned.sources) {
      files?.reads.done(part, files.ranges, sums[input])
      streams.sourceRead(rdd, part, read[input] ?? 0)
    }
  }
}

/** Returns the error of a job whose signal has aborted. */
export function cancelledBy({ reason }: AbortSignal, { id }: Job): JobCancelledError {
  return new JobCancelledError(`Job ${id} was cancelled by its signal.`, { job: id }, reason)
}
