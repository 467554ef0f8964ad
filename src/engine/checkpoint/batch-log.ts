import { diskFault } from '../../files/disk-fault.js'
import type { OutputOperation, StreamGraph } from '../../ops/dstream/graph.js'
import type { InputNode, StreamNode } from '../../ops/dstream/node.js'
import type { AllocatedBlocks, ReceivedLog } from '../write-ahead-log/received-log.js'
import type { LostCount, Recovered } from '../write-ahead-log/recovered.js'
import { type BatchEntry, checkEntry, EMPTY_ENTRY } from './batch-entry.js'
import { CountedBatches, NO_COUNTED_BATCHES } from './counted-batches.js'
import { sealed, unsealed } from './format.js'
import { OrderedRecords } from './ordered-records.js'
import { restoreAccumulators, UnrecordedAccumulators } from './saved-accumulators.js'
import type { CheckpointStore } from './store.js'

/** Records that an earlier process received after its checkpoint, as far as the log knows. */
export interface LoggedRecords {
  /** Records by the uid of the input; undefined if a record of a batch cannot be read. */
  readonly records: ReadonlyMap<string, LostCount> | undefined
  /** The last batch that was recorded, if any was. */
  readonly until: number | undefined
  /** Whether a write-ahead log has all records of receivers but these. */
  readonly areLogged: boolean
}

/**
 * Records the input of each batch before its outputs run, and the outputs that completed: in files of the checkpoint
 * store, or in the write-ahead log. A batch that runs again in a new process then reads the same files and received
 * blocks as before, or finds that its input is lost, and runs only the outputs that had not completed.
 */
export class BatchLog {
  readonly #store: CheckpointStore
  readonly #builder: StreamGraph
  readonly #warn: (message: string, cause?: unknown) => void
  readonly #earlier = new Map<number, BatchEntry>()
  /** Received records of earlier processes, by batch. */
  readonly #counts = new Map<number, BatchEntry['received']>()
  readonly #entries = new Map<number, BatchEntry>()
  readonly #records: OrderedRecords<BatchEntry>
  /** The last recorded batch, if the batches since the checkpoint do not run again as they were. */
  #dividedUntil = Number.NEGATIVE_INFINITY
  #anyUnreadable = false
  #isFailing = false
  /** Streams that lack data which an earlier process had. */
  readonly #lossy = new Set<StreamNode>()
  readonly #accumulators: UnrecordedAccumulators
  #counted = NO_COUNTED_BATCHES
  #received: ReceivedLog | undefined
  #recovered: Recovered | undefined

  constructor(store: CheckpointStore, builder: StreamGraph, warn: (message: string, cause?: unknown) => void) {
    this.#store = store
    this.#builder = builder
    this.#warn = warn
    this.#accumulators = new UnrecordedAccumulators(builder.context)
    this.#records = new OrderedRecords((time, entry) => store.record(time, sealed('record', JSON.stringify(entry))))
  }

  /** The log of received data; undefined without one. */
  get received(): ReceivedLog | undefined {
    return this.#received
  }

  /** Received data of earlier processes. */
  get recovered(): Recovered | undefined {
    return this.#recovered
  }

  /** The batches whose additions to accumulators with a name `restoreAccumulators` has restored. */
  get counted(): CountedBatches {
    return this.#counted
  }

  /** Sets the accumulators with a name that have changed since the checkpoint. Call it before batches run again. */
  restoreAccumulators(): void {
    this.#counted = new CountedBatches(this.#earlier)
    restoreAccumulators(this.#builder.context, this.#counted.values)
  }

  /**
   * Records batches, and received data, in this log from now on. Reads its data of batches after `time`; `asBatches` as for load,
   * `dropped` as for Recovered.
   */
  useLog(received: ReceivedLog, time: number, asBatches: boolean, dropped: readonly string[]): void {
    this.#received = received
    this.#recovered = received.recover(time, asBatches, dropped)
    for (const [at, entry] of received.entries(time)) this.#load(at, () => entry, asBatches)
  }

  /**
   * Reads the records of earlier processes for batches after `time`. `asBatches`: those batches run again as they were; else
   * the records only count received data.
   */
  async load(time: number, asBatches: boolean): Promise<void> {
    for (const { time: at, bytes } of await this.#store.recorded(time))
      this.#load(at, () => JSON.parse(unsealed('record', bytes, this.#store.directory)), asBatches)
  }

  /**
   * Counts the received records of earlier processes that no receiver can bring again: those of the batches that were
   * loaded, or with a log those that it should have and has not.
   */
  receivedBefore(): LoggedRecords {
    const until = this.#counts.size > 0 ? Math.max(...this.#counts.keys()) : undefined
    if (this.#recovered && !this.#received?.isNew) return { records: this.#recovered.lost, until, areLogged: true }
    if (this.#anyUnreadable) return { records: undefined, until, areLogged: false }
    const records = new Map<string, number>()
    for (const received of this.#counts.values()) {
      for (const [uid, count] of received) records.set(uid, (records.get(uid) ?? 0) + count)
    }
    return { records, until, areLogged: false }
  }

  /**
   * Whether an earlier process recorded the batch's input, or that of a later batch: then nothing else may become part
   * of it. With another batch interval, sinks may have a batch of this time.
   */
  isDecided(time: number): boolean {
    const last = Math.max(this.#dividedUntil, this.#recovered?.last ?? Number.NEGATIVE_INFINITY)
    return this.#earlier.has(time) || time <= last
  }

  /**
   * The partitions that an earlier process assigned to the batch: none if it recorded a later batch and not this one; undefined
   * if the reader may plan the batch.
   */
  partitionsOf(input: InputNode, time: number): readonly object[] | undefined {
    const entry = this.#earlier.get(time)
    if (!entry) return this.isDecided(time) ? [] : undefined
    const uid = this.#builder.uids.get(input)
    return entry.assigned.find(([id]) => id === uid)?.[1]
  }

  /** Registers that a stream lacks data which an earlier process had. */
  lost(stream: StreamNode): void {
    this.#lossy.add(stream)
  }

  /**
   * Records the input of a batch: partitions of direct sources, and received blocks. Await it before the batch's
   * outputs run.
   *
   * @throws CheckpointError if the write-ahead log cannot be written. The blocks then belong to the next batch.
   */
  async assigned(time: number, assigned: BatchEntry['assigned'], allocated: readonly AllocatedBlocks[]): Promise<void> {
    const earlier = this.#earlier.get(time) ?? EMPTY_ENTRY
    const { received: before } = earlier
    const received = new Map(allocated.map(({ uid, blocks }) => [uid, recordsIn(blocks)]))
    for (const [input, uid] of this.#builder.uids) {
      const had = before.find(([of]) => of === uid)?.[1] ?? 0
      if (had > (received.get(uid) ?? 0)) this.#lossy.add(input)
    }
    const blocks = this.#received?.rangesOf(allocated) ?? []
    const written = this.#write(time, {
      ...earlier,
      assigned,
      received: [...new Map([...received, ...before])],
      blocks,
    })
    // The record of an earlier process counts as long as there is no other.
    if (!this.#received || this.isDecided(time)) return await written.catch((cause) => this.#notRecorded(time, cause))
    await written
    this.#received.recorded(allocated)
  }

  /**
   * Await it before an output runs: rejects if another context has taken the directory, which runs the batch then. A
   * failure of the file system is no such proof, and stops no batch.
   */
  async confirm(): Promise<void> {
    await this.#store.confirm().catch((error: unknown) => {
      if (this.#store.lost) throw error
    })
  }

  /** Records that an output completed. `digest`: that of its records, if replays may need it. */
  async completed(time: number, output: OutputOperation, digest?: string): Promise<void> {
    const entry = this.#entries.get(time) ?? EMPTY_ENTRY
    const id = this.#builder.outputIds.get(output)!
    const done = [...new Set([...entry.done, id])]
    const digests = digest === undefined ? entry.digests : [...new Map([...entry.digests, [id, digest] as const])]
    const { values, recorded } = this.#accumulators.values()
    const accumulators = [
      ...entry.accumulators.filter(({ name }) => values.every((value) => value.name !== name)),
      ...values,
    ]
    const written = this.#write(time, { ...entry, done, digests, accumulators }).then(recorded)
    await written.catch((cause) => this.#notRecorded(time, cause))
  }

  /**
   * Whether an earlier process completed the output for good. Results that ended with that process are produced again,
   * unless a part of their input is lost: they would be smaller than the first time.
   */
  isDone(output: OutputOperation, time: number): boolean {
    const { label, stream, inMemory } = output
    if (!this.#earlier.get(time)?.done.includes(this.#builder.outputIds.get(output)!)) return false
    if (!inMemory) return true
    const isLossy = this.#reads(stream, new Set())
    if (isLossy)
      this.#warn(`${label} of batch ${time} ms does not run again: it completed, and part of its input is lost`)
    return isLossy
  }

  /** A checkpoint contains the batches up to `time`: their records are not needed. */
  checkpointed(time: number): void {
    this.#records.checkpointed(time)
  }

  /** Removes a batch that has ended in this process. */
  forget(time: number): void {
    this.#entries.delete(time)
    this.#earlier.delete(time)
  }

  #reads(stream: StreamNode, seen: Set<StreamNode>): boolean {
    if (seen.has(stream)) return false
    seen.add(stream)
    return this.#lossy.has(stream) || stream.parents.some((parent) => this.#reads(parent, seen))
  }

  #load(time: number, read: () => unknown, asBatches: boolean): void {
    try {
      const entry = checkEntry(read())
      this.#counts.set(time, entry.received)
      if (asBatches) this.#earlier.set(time, entry)
      else this.#dividedUntil = Math.max(this.#dividedUntil, time)
    } catch (cause) {
      this.#anyUnreadable = true
      this.#warn(`the record of batch ${time} ms in ${this.#store.directory} cannot be read`, cause)
    }
  }

  async #write(time: number, entry: BatchEntry): Promise<void> {
    this.#entries.set(time, entry)
    if (this.#received) await this.#received.record(time, entry)
    else await this.#records.write(time, entry)
    this.#isFailing = false
  }

  #notRecorded(time: number, cause: unknown): void {
    // The batch belongs to the new owner: no output of it may run here.
    if (this.#store.lost) throw this.#store.lost
    // Once a row of failures: a full disk would fill the log too.
    if (!this.#isFailing)
      this.#warn(
        `batch ${time} ms could not be recorded in ${this.#store.directory}. ${diskFault(cause).advice}`,
        cause,
      )
    this.#isFailing = true
  }
}

function recordsIn(blocks: AllocatedBlocks['blocks']): number {
  return blocks.reduce((sum, { count }) => sum + count, 0)
}
