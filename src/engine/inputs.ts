import type { FileChangedError } from '../errors.js'
import { changedFiles } from '../files/changed.js'
import type { Clock } from '../ops/clock.js'
import type { StreamBuilder } from '../ops/dstream/builder.js'
import type { InputStream } from '../ops/dstream/input.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { FileRangesRdd, ReceivedRdd, ValuesRdd } from '../ops/rdd/source-rdds.js'
import type { DirectBatch, DirectReader, LocalSource, Receiver } from '../ops/source.js'
import { delay } from '../ops/wait.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import { isData } from '../values/data.js'
import { dataError, faultIn } from '../values/fault.js'
import { type BackpressureOptions, type MeasuredBatch, RateControl } from './backpressure.js'
import { toPartitions } from './batch-partitions.js'
import type { BatchLog } from './checkpoint/batch-log.js'
import type { Engine } from './engine.js'
import type { StreamInputInfo } from './events.js'
import type { Patience } from './patience.js'
import { ReceiverBuffer } from './receiver-buffer.js'
import { skipped } from './record-buffer.js'
import { fromSource, sourceFailed } from './user-errors.js'

export interface InputsOptions {
  readonly builder: StreamBuilder
  readonly engine: Engine
  /** Bytes that a receiver may have waiting before it is told to pause. */
  readonly receiverBufferBytes: number
  /** Present if receivers are slowed to what batches can process. */
  readonly backpressure: BackpressureOptions | undefined
  readonly clock: Clock
  readonly warn: (message: string, cause?: unknown) => void
  /** Present with checkpoints: which input belongs to which batch. */
  readonly log?: BatchLog
  /** Checkpoints are written: they ask where sources were. */
  readonly checkpoints: boolean
}

interface Input {
  readonly stream: InputStream<unknown>
  readonly batches: Map<number, BatchInput>
  readonly receiver?: { readonly receiver: Receiver; readonly buffer: ReceiverBuffer; readonly control?: RateControl }
  readonly direct?: DirectReader
  /** Where the reader was after each batch that a checkpoint may still ask for. */
  readonly positions: Map<number, unknown>
  /** The reader is asked for one batch after the other: what one takes, the next must not. */
  asked: Promise<unknown>
}

/** What one input has for one batch. */
interface BatchInput {
  readonly blocks: readonly BlockHandle[]
  readonly direct?: DirectBatch
  /** Records that the source dropped, as there was no room. */
  readonly dropped?: number
  rdd: Rdd<unknown> | undefined
  consumed: boolean
  /** Records of files by partition, as tasks have read them. */
  readonly counts: Map<number, number>
}

/** Records of an input, if known: blocks and values are counted as they come, files once all of them have been read. */
function recordsOf({ stream }: Input, { blocks, direct, rdd, counts }: BatchInput): number | undefined {
  if (rdd instanceof ValuesRdd) return rdd.records
  if (stream.source.kind === 'receiver') return blocks.reduce((sum, { count }) => sum + count, 0)
  if (!direct || counts.size < direct.ranges.length) return undefined
  return [...counts.values()].reduce((sum, n) => sum + n, 0)
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
/** start() waits so long for a receiver, or a batch interval if that is longer. */
const START_WAIT_MS = 3_000

/** All inputs of a running context: what arrived before a batch time becomes that batch's data. */
export class Inputs {
  readonly #options: InputsOptions
  readonly #inputs: Input[] = []
  readonly #abort = new AbortController()
  readonly #notStopped = new Set<string>()
  /** The RDD of a batch's input, to enter record counts. */
  readonly #byRdd = new Map<number, BatchInput>()

  constructor(options: InputsOptions) {
    this.#options = options
    options.engine.memory.receivedBytes = () =>
      this.#inputs.reduce((sum, { receiver }) => sum + (receiver?.buffer.bytes ?? 0), 0)
    options.engine.onSourceRead = (rdd, partition, records) => {
      const counts = this.#byRdd.get(rdd)?.counts
      if (counts && !counts.has(partition)) counts.set(partition, records)
    }
  }

  /**
   * Opens every source, those that have a position where they had come to. A receiver that cannot start is reported and
   * tried again, unless its fault is final. One that does not settle is reported and not waited for any longer.
   */
  async start(zeroTime: number, batchInterval: number, positions = new Map<number, unknown>()): Promise<void> {
    for (const stream of this.#options.builder.inputs) {
      const { source } = stream
      const base = {
        stream,
        batches: new Map<number, BatchInput>(),
        positions: new Map<number, unknown>(),
        asked: Promise.resolve(),
      }
      if (source.kind === 'receiver') {
        const { engine, receiverBufferBytes, backpressure, clock } = this.#options
        const named = { stream: stream.id, name: source.name }
        const buffer = new ReceiverBuffer(
          engine,
          this.#abort.signal,
          receiverBufferBytes,
          (message, cause) => this.#report(stream, message, cause),
          (isPaused) => engine.events.emit(isPaused ? 'receiverPaused' : 'receiverResumed', named),
        )
        const control = backpressure && new RateControl(backpressure, batchInterval)
        if (control) buffer.limit(control.rate, clock)
        this.#inputs.push({
          ...base,
          receiver: { receiver: fromSource(source.name, 'start', () => source.create()), buffer, control },
        })
      } else if (source.kind === 'direct') {
        const direct = fromSource(source.name, 'open', () => source.create())
        this.#inputs.push({ ...base, direct })
        const position = positions.get(stream.id)
        await fromSource(source.name, 'open', () => direct.open(zeroTime, batchInterval, position))
        this.#notePosition(this.#inputs.at(-1)!, Number.NEGATIVE_INFINITY)
      } else {
        this.#inputs.push(base)
      }
      const input = this.#inputs.at(-1)!
      stream.provide = (time) => this.#provide(input, time)
    }
    const patience = Math.max(START_WAIT_MS, batchInterval)
    await Promise.all(this.#inputs.map((input) => this.#started(input, patience)))
  }

  /** Takes what has arrived so far as the data of the batch at `time`. Direct sources are asked for their ranges. */
  async allocate(time: number): Promise<void> {
    const { log } = this.#options
    const asked: Promise<void>[] = []
    for (const input of this.#inputs) {
      // What arrives now does not belong to a batch of the past.
      const blocks = log?.isDecided(time) ? [] : this.#cut(input)
      const dropped = input.receiver?.buffer.takeDropped()
      const batch: BatchInput = { blocks, dropped, rdd: undefined, consumed: false, counts: new Map() }
      input.batches.set(time, batch)
      if (input.direct) {
        const { direct } = input
        const answered = input.asked.then(async () => {
          const ranges =
            (await this.#replayed(input, direct, time)) ??
            (await fromSource(input.stream.source.name, `answer for batch ${time} ms`, () => direct.next(time)))
          input.batches.set(time, { ...batch, direct: ranges })
          for (const warning of ranges.warnings ?? []) this.#report(input.stream, warning)
          this.#notePosition(input, time)
        })
        input.asked = answered.catch(() => undefined)
        asked.push(answered)
      }
    }
    await Promise.all(asked)
    await this.#record(time)
  }

  async #record(time: number): Promise<void> {
    const batches = this.#inputs.map(({ stream, batches: all }) => ({ id: stream.id, batch: all.get(time) }))
    const assigned = batches.flatMap(({ id, batch }) => (batch?.direct ? [[id, batch.direct.ranges] as const] : []))
    const received = batches.filter(({ batch }) => batch && batch.blocks.length > 0).map(({ id }) => id)
    const { log } = this.#options
    if (log && (log.isDecided(time) || received.length > 0 || assigned.some(([, ranges]) => ranges.length > 0)))
      await log.assigned(time, assigned, received)
  }

  /** What an earlier process assigned to the batch, without files that are no longer what they were. */
  async #replayed(input: Input, direct: DirectReader, time: number): Promise<DirectBatch | undefined> {
    const { log } = this.#options
    const recorded = direct.replay && log?.rangesOf(input.stream.id, time)
    if (!recorded) return undefined
    direct.replay!(time, { ranges: recorded })
    const changed = await changedFiles(recorded)
    if (changed.size > 0) log!.lost(input.stream)
    const warnings = [...changed].map(
      (path) => `${path} of batch ${time} ms is gone or was changed since: the batch runs again without it`,
    )
    return { ranges: recorded.filter(({ path }) => !changed.has(path)), warnings }
  }

  /** What a receiver has for the batch. Where it cannot be sealed now, it goes into a later batch, and no other input waits. */
  #cut({ stream, receiver }: Input): readonly BlockHandle[] {
    try {
      return receiver?.buffer.cut() ?? []
    } catch (error) {
      this.#report(stream, 'what has arrived cannot be sealed, it stays for the next batch', error)
      return []
    }
  }

  /** Where the sources that know it were after the batch that was completed last, or before the first. */
  positions(time: number): { readonly stream: number; readonly value: unknown }[] {
    return this.#inputs.flatMap(({ stream, positions }) => {
      const last = [...positions].findLast(([at]) => at <= time)
      return last ? [{ stream: stream.id, value: last[1] }] : []
    })
  }

  /** What a batch got, as far as it is known. */
  figures(time: number): { records: number; inputs: StreamInputInfo[] } {
    const inputs = this.#inputs.map((input) => this.#info(input, time))
    return { records: inputs.reduce((sum, { records = 0 }) => sum + records, 0), inputs }
  }

  #info(input: Input, time: number): StreamInputInfo {
    const { stream, batches, receiver } = input
    const batch = batches.get(time)
    return {
      stream: stream.id,
      name: stream.source.name,
      records: batch ? recordsOf(input, batch) : 0,
      bytes: batch?.blocks.reduce((sum, block) => sum + block.length, 0) ?? 0,
      ...(batch?.dropped ? { dropped: batch.dropped } : {}),
      description: batch?.direct?.description,
      rate: receiver?.control?.known,
    }
  }

  /** Records that receivers have brought for these batches, and since. */
  unprocessed(times: readonly number[]): number {
    let records = 0
    for (const { receiver, batches } of this.#inputs) {
      if (!receiver) continue
      const blocks = [...receiver.buffer.cut(), ...times.flatMap((time) => batches.get(time)?.blocks ?? [])]
      for (const { count } of blocks) records += count
    }
    return records
  }

  /** Names of the inputs whose stop or close did not end in time. */
  get notStopped(): string[] {
    return [...this.#notStopped]
  }

  /** The batch is complete, and took so long: receivers may bring what batches like it can process. */
  measured(time: number, delays: Omit<MeasuredBatch, 'records'>): void {
    for (const input of this.#inputs) {
      const { receiver, batches } = input
      if (!receiver?.control) continue
      const batch = batches.get(time)
      const records = (batch && recordsOf(input, batch)) ?? 0
      receiver.buffer.limit(receiver.control.measure({ ...delays, records }), this.#options.clock)
    }
  }

  /** The batch is complete: receivers that waited have room. Its data stays until no window needs it. */
  consumed(time: number): void {
    for (const { receiver, batches, positions } of this.#inputs) {
      for (const earlier of positions.keys()) if (earlier < time) positions.delete(earlier)
      const batch = batches.get(time)
      if (!receiver || !batch || batch.consumed) continue
      batch.consumed = true
      receiver.buffer.consumed(batch.blocks)
    }
  }

  /** No batch needs the data of these times of this stream any more. */
  forget(stream: number, times: readonly number[]): void {
    const input = this.#inputs.find((other) => other.stream.id === stream)
    if (input) for (const time of times) this.#drop(input, time)
  }

  /** Inputs without any output are never asked for their RDDs: their data goes with the batch. */
  forgetUnused(time: number): void {
    for (const input of this.#inputs) {
      if (input.batches.get(time) && !input.batches.get(time)!.rdd && input.stream.rememberDuration === 0)
        this.#drop(input, time)
    }
  }

  /**
   * Stops the receivers; resolves when nothing more can arrive, or the patience is over. Direct readers stay open: the last
   * batch of a graceful stop asks them too, and they must still know which files they have assigned.
   */
  async stop(patience: Patience): Promise<void> {
    this.#abort.abort()
    try {
      await this.#end(patience, async ({ receiver, stream }) => {
        if (!receiver) return
        await receiver.receiver.stop()
        this.#options.engine.events.emit('receiverStopped', { stream: stream.id, name: stream.source.name })
      })
    } finally {
      for (const { receiver } of this.#inputs) receiver?.buffer.endOfText()
    }
  }

  /** Closes the direct readers, after the last batch. */
  async close(patience: Patience): Promise<void> {
    await this.#end(patience, ({ direct }) => direct?.close())
  }

  /** Ends inputs in time, or notes those that have not ended. Rejects with the first error once all have been tried. */
  async #end(patience: Patience, how: (input: Input) => Promise<void> | undefined): Promise<void> {
    const ended = this.#inputs.map(async (input) => {
      // A method that throws is a rejection like any other.
      const ending = Promise.resolve().then(() => fromSource(input.stream.source.name, 'stop', () => how(input)))
      if (await patience.allows(ending)) return
      this.#notStopped.add(input.stream.source.name)
    })
    const outcomes = await Promise.allSettled(ended)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  #notePosition({ direct, positions }: Input, time: number): void {
    if (this.#options.checkpoints && direct?.position) positions.set(time, direct.position())
  }

  #drop(input: Input, time: number): void {
    const batch = input.batches.get(time)
    if (!batch) return
    input.batches.delete(time)
    if (batch.rdd) this.#byRdd.delete(batch.rdd.id)
    for (const block of batch.blocks) this.#options.engine.blocks.release(block.id)
  }

  #provide(input: Input, time: number): Rdd<unknown> | undefined {
    const { builder, engine } = this.#options
    const { context } = builder
    const { source } = input.stream
    if (source.kind === 'local') {
      const given = fromSource(source.name, `answer for batch ${time} ms`, () =>
        (source as LocalSource<unknown>).next(time),
      )
      if (!given) return undefined
      const records = this.#dataOf(input.stream, given)
      const batch: BatchInput = { blocks: [], rdd: undefined, consumed: true, counts: new Map() }
      return this.#enter(input, time, batch, new ValuesRdd(context, records, context.parallelism, source.name))
    }
    const batch = input.batches.get(time)
    // A direct source that has not answered yet may still: nothing is known of the batch.
    if (!batch || (input.direct && !batch.direct)) return undefined
    if (batch.direct) {
      const { ranges, onFileChanged = 'fail' } = batch.direct
      const mayLeaveOut = (error: FileChangedError) => {
        const { change, path } = error.details
        if (change !== 'missing' && onFileChanged !== 'skip') return false
        this.#report(input.stream, `${String(path)} is left out of batch ${time} ms: ${error.message}`, error)
        return true
      }
      return this.#enter(input, time, batch, new FileRangesRdd(context, ranges, mayLeaveOut))
    }
    const slices = toPartitions(engine, batch.blocks, context.parallelism)
    return this.#enter(input, time, batch, new ReceivedRdd(context, source.name, slices))
  }

  /** The records that are data. The others are reported, as those of receivers are. */
  #dataOf(stream: InputStream<unknown>, given: readonly unknown[]): readonly unknown[] {
    const bad = given.findIndex((record) => !isData(record))
    if (bad < 0) return given
    const good = given.filter(isData)
    const refused = given.length - good.length
    const error = dataError('A record cannot be encoded', faultIn(given[bad], `[${bad}]`)!)
    this.#report(stream, skipped(refused, given.length, error), error)
    return good
  }

  #enter(input: Input, time: number, batch: BatchInput, rdd: Rdd<unknown>): Rdd<unknown> {
    batch.rdd = rdd
    input.batches.set(time, batch)
    this.#byRdd.set(rdd.id, batch)
    return rdd
  }

  async #started(input: Input, patienceMs: number): Promise<void> {
    const starting = this.#startReceiver(input, FIRST_RETRY_MS)
    const enough = new AbortController()
    const late = delay(patienceMs, enough.signal).then(() => 'late' as const)
    const first = await Promise.race([starting, late]).finally(() => enough.abort())
    if (first !== 'late') return
    this.#report(input.stream, `has not started within ${patienceMs} ms; batches run without it until it has`)
    starting.catch((fault: unknown) => this.#report(input.stream, 'cannot be started', fault))
  }

  async #startReceiver(input: Input, retryMs: number): Promise<void> {
    const { receiver, stream } = input
    if (!receiver || this.#abort.signal.aborted) return
    try {
      await receiver.receiver.start(receiver.buffer)
      this.#options.engine.events.emit('receiverStarted', { stream: stream.id, name: stream.source.name })
    } catch (error) {
      const { final } = (error as { details?: { final?: boolean } }).details ?? {}
      if (final) throw sourceFailed(stream.source.name, 'start', error)
      this.#report(stream, `cannot start, trying again in ${retryMs} ms`, error)
      const again = () => {
        this.#startReceiver(input, Math.min(LAST_RETRY_MS, retryMs * 2)).catch((fault: unknown) =>
          this.#report(stream, 'cannot be started', fault),
        )
      }
      const timer = setTimeout(again, retryMs)
      this.#abort.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    }
  }

  #report(stream: InputStream<unknown>, message: string, cause?: unknown): void {
    const { engine, warn } = this.#options
    const { name } = stream.source
    // Sources that name themselves are not named twice.
    warn(message.startsWith(name) ? message : `${name}: ${message}`, cause)
    engine.events.emit('receiverError', { stream: stream.id, name: stream.source.name, message, cause })
  }
}
