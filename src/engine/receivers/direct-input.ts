import { ArgumentError } from '../../errors.js'
import { changedFiles } from '../../files/changed.js'
import type { FileRange } from '../../files/identity.js'
import type { InputNode } from '../../ops/dstream/node.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import type { DirectBatch, DirectReader, DirectSource } from '../../ops/source.js'
import { delay } from '../../ops/wait.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import type { InputLag } from '../status/streams-status.js'
import { fromSource } from '../user-code/user-errors.js'
import type { MeasuredBatch, RateControl, SavedRate } from './back-pressure.js'
import { directDataset } from './direct-dataset.js'
import { type InputContext, type InputStart, rateControlOf } from './input-context.js'
import { LagRecord } from './lag-record.js'
import { type BatchInput, StreamInput } from './stream-input.js'

interface PlannedBatch extends BatchInput {
  /** The reader's batch; undefined until it arrives. */
  readonly direct: DirectBatch<object> | undefined
}

/** An input that workers read. The driver requests the partitions of each batch from its reader. */
export class DirectInput extends StreamInput<PlannedBatch> {
  readonly #source: DirectSource<object>
  readonly #reader: DirectReader<object>
  readonly #control: RateControl | undefined
  /** The reader's position after each batch that a checkpoint may still need. */
  readonly #positions = new Map<number, unknown>()
  /** The reader plans one batch after the other: records that one batch takes, the next must not take. */
  #answered: Promise<unknown> = Promise.resolve()
  #committed: Promise<unknown> = Promise.resolve()
  /** Complete batches that no checkpoint contains yet. */
  readonly #uncommitted: number[] = []
  #isAtEnd = false
  readonly #lag = new LagRecord()
  /** Partitions of batches that could not be recorded: the reader does not plan them again. */
  #unassigned: readonly object[] = []

  constructor(stream: InputNode, context: InputContext, start: InputStart) {
    super(stream, context)
    this.#control = rateControlOf(stream, context, start)
    this.#source = stream.source as unknown as DirectSource<object>
    this.#reader = fromSource(this.name, 'open', () => this.#source.create())
  }

  /** Waits for the reader, because every batch needs its position. Reports if that takes long. */
  override async open({ zeroTime, batchInterval, reportAfterMs, saved, stopAtEnd }: InputStart): Promise<void> {
    const { stopped } = this.context
    const position = saved?.positions.find(({ uid }) => uid === this.uid)?.value
    const opened = new AbortController()
    void delay(reportAfterMs, AbortSignal.any([opened.signal, stopped])).then(() => {
      if (!opened.signal.aborted && !stopped.aborted)
        this.#report(`has not opened within ${reportAfterMs} ms; start() waits for it`)
    })
    if (stopAtEnd && !this.#reader.stopAtEnd) throw hasNoEnd(this.name)
    const opening = fromSource(this.name, 'open', async () => {
      await this.#reader.open(zeroTime, batchInterval, position)
      if (stopAtEnd) await this.#reader.stopAtEnd!()
    })
    await opening.finally(() => opened.abort())
    this.#notePosition(Number.NEGATIVE_INFINITY)
  }

  assign(time: number, clockTime: number): Promise<void> {
    this.batches.set(time, { blocks: [], direct: undefined, rdd: undefined, counts: new Map() })
    const answered = this.#answered.then(async () => {
      const direct = (await this.#replayed(time)) ?? (await this.#next(time, clockTime))
      this.batches.set(time, { blocks: [], direct, rdd: undefined, counts: new Map() })
      this.#isAtEnd = direct.atEnd === true
      if (direct.lag) this.#lag.planned(time, direct.lag)
      for (const warning of direct.warnings ?? []) this.#report(warning)
      this.#notePosition(time)
    })
    this.#answered = answered.catch(() => undefined)
    return answered
  }

  datasetAt(time: number): Rdd<unknown> | undefined {
    const batch = this.batches.get(time)
    // The reader may still answer, so nothing is known of the batch.
    if (!batch?.direct) return undefined
    const { context } = this.context.options.graph
    const report = (message: string, error: unknown) => this.#report(message, error)
    return this.created(time, batch, directDataset(context, this.stream, batch.direct, time, report))
  }

  override recording(time: number): void {
    const batch = this.batches.get(time)
    if (!batch?.direct || this.#unassigned.length === 0) return
    const partitions = [...this.#unassigned, ...batch.direct.partitions]
    this.#unassigned = []
    this.batches.set(time, { ...batch, direct: { ...batch.direct, partitions } })
  }

  /** Called when the batch could not be recorded in the write-ahead log: the next one also has its partitions. */
  override unassign(time: number): void {
    // A batch that the reader has not planned adds none, and keeps those of the batches before it.
    this.#unassigned = [...this.#unassigned, ...(this.partitionsAt(time) ?? [])]
    const batch = this.batches.get(time)
    if (batch) this.batches.set(time, { ...batch, direct: undefined })
    this.#isAtEnd = false
  }

  /** Returns the partitions of a batch if the reader has planned it. */
  partitionsAt(time: number): readonly object[] | undefined {
    return this.batches.get(time)?.direct?.partitions
  }

  /** Returns the position after the batch at `time`, or after the last one before it. */
  positionAt(time: number): { readonly value: unknown } | undefined {
    const last = [...this.#positions].findLast(([at]) => at <= time)
    return last && { value: last[1] }
  }

  /** How far complete batches are behind the end of the source; undefined if it does not report that. */
  override get lag(): InputLag | undefined {
    return this.#lag.status()
  }

  override get isAtEnd(): boolean {
    return this.#isAtEnd
  }

  override savedRate(): SavedRate | undefined {
    return this.#control?.save()
  }

  override measured(time: number, delays: Omit<MeasuredBatch, 'records'>): void {
    const batch = this.batches.get(time)
    const records = batch && this.recordsOf(batch)
    // A batch that was not read to its end says nothing about the next rate.
    if (records !== undefined) this.#control?.measure({ ...delays, records })
  }

  override consumed(time: number): void {
    this.#lag.consumed(time)
    for (const earlier of this.#positions.keys()) if (earlier < time) this.#positions.delete(earlier)
  }

  /**
   * Called when a batch will not run again in this process. With checkpoints, a restarted process may still need it.
   */
  override commit(time: number): void {
    if (this.context.options.checkpoints) this.#uncommitted.push(time)
    else this.#commit(time)
  }

  override checkpointed(time: number): void {
    while (this.#uncommitted[0]! <= time) this.#commit(this.#uncommitted.shift()!)
  }

  /** Lets the source commit a batch. Commits run in the order of batches; the next batch does not wait for them. */
  #commit(time: number): void {
    if (!this.#reader.committed) return
    this.#committed = this.#committed
      .then(() => this.#reader.committed!(time))
      .catch((error: unknown) => this.#report(`batch ${time} ms could not be committed`, error))
  }

  override async close(): Promise<void> {
    await this.#committed
    await this.#reader.close()
  }

  /** Known when tasks have read all partitions. */
  protected recordsOf({ direct, counts }: PlannedBatch): number | undefined {
    if (!direct || counts.size < direct.partitions.length) return undefined
    return [...counts.values()].reduce((sum, n) => sum + n, 0)
  }

  protected override details(batch: PlannedBatch | undefined): Partial<StreamInputInfo> {
    return { description: batch?.direct?.description, rate: this.#control?.known }
  }

  #next(time: number, clockTime: number): Promise<DirectBatch<object>> {
    const request = { clockTime, maxRecords: this.#control?.recordsABatch ?? Number.POSITIVE_INFINITY }
    return fromSource(this.name, `answer for batch ${time} ms`, () => this.#reader.next(time, request))
  }

  /** Returns the partitions that an earlier process assigned to the batch, without files that have changed since. */
  async #replayed(time: number): Promise<DirectBatch<object> | undefined> {
    const { log } = this.context.options
    const partitions = this.#reader.replay && log?.partitionsOf(this.stream, time)
    if (!partitions) return undefined
    this.#reader.replay!(time, { partitions })
    if (this.#source.reader) return { partitions }
    const ranges = partitions as readonly FileRange[]
    const changed = await changedFiles(this.context.options.graph.context.files, ranges)
    if (changed.size > 0) log!.lost(this.stream)
    const warnings = [...changed].map(
      (path) => `${path} of batch ${time} ms is gone or was changed since: the batch runs again without it`,
    )
    return { partitions: ranges.filter(({ path }) => !changed.has(path)), warnings }
  }

  #notePosition(time: number): void {
    if (this.context.options.checkpoints && this.#reader.position) this.#positions.set(time, this.#reader.position())
  }

  #report(message: string, cause?: unknown): void {
    this.context.report(this.stream, message, cause)
  }
}

function hasNoEnd(name: string): ArgumentError {
  return new ArgumentError(
    `start({ until: 'caught-up' }) got ${name}, which has no end. Use it with files, Kafka, tables and queueStream, or a source whose reader has stopAtEnd(); otherwise call start() and stop({ graceful: true }).`,
    { source: name },
  )
}
