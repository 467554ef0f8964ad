import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { terminateThreadOf } from './engine/terminate-thread.js'
import {
  ArgumentError,
  type Context,
  type DStream,
  type Duration,
  type LocalSource,
  ManualClock,
  type OutputBatch,
  type PipelineHandle,
  type Stream,
  StreamingContext,
  type StreamingOptions,
} from './index.js'
import { toMillis } from './ops/time.js'

export type { OutputBatch }
export { ManualClock }

/** The batches of one input stream, in order. Null: a batch without a dataset, which differs from an empty batch. */
export type InputBatches<T> = readonly (readonly T[] | null)[]

export interface RunBatchesOptions extends Omit<StreamingOptions, 'batchInterval' | 'clock' | 'parallelism'> {
  /** Default 1000 ms, so that batch i (from 1) has the time i * 1000. */
  readonly batchInterval?: Duration
  /** Default 1. */
  readonly threads?: number
  /** Partitions of each input batch, and of shuffles that are not told otherwise. Default: `threads`. */
  readonly partitions?: number
  /** Batches to run. Inputs that are shorter go on with empty batches. Default: as many as the longest input has. */
  readonly batches?: number
  /**
   * Asked when batch i (from 1) starts: the slot of a thread to kill while the batch runs, or undefined for none. A
   * pipeline gives the same answers whatever is killed.
   */
  readonly kill?: (batch: number) => number | undefined
  /**
   * After this batch (from 1) the process is as if killed: what is in memory is gone, and another context goes on from the
   * newest checkpoint. For that `pipeline` is called a second time. Batches that are done again are listed again. Checkpoints
   * follow every batch unless `checkpointInterval` says otherwise.
   */
  readonly restartAfter?: number
}

/** What a pipeline's streams came to: the batches of its one stream, or of each stream by name. */
export type Outputs<P> =
  P extends Stream<infer T>
    ? OutputBatch<T>[]
    : { [N in keyof P]: P[N] extends Stream<infer T> ? OutputBatch<T>[] : never }

/**
 * Runs a pipeline over batches that are known beforehand, under a clock of its own, so without waiting, and answers with
 * the output of every batch. A batch in which a stream does not fire, or has no dataset, is absent from its list. Rejects
 * with the error of the first batch that fails; the batches after it are not run.
 *
 * ```ts
 * const counts = await runBatches((ssc, words) => words.countByValueAndWindow('2s', '1s'), [[['a', 'b'], ['a'], []]])
 * // [{ time: 1000, records: [['a', 1], ['b', 1]] }, { time: 2000, records: [['a', 2], ['b', 1]] },
 * //  { time: 3000, records: [['a', 1]] }]
 * ```
 *
 * The order of records after a shuffle is an accident of their hashes: compare such batches as multisets. Functions of
 * the operators travel to worker threads as in any program: they cannot capture variables.
 */
export async function runBatches<
  I extends readonly unknown[],
  P extends Stream<unknown> | Readonly<Record<string, Stream<unknown>>>,
>(
  pipeline: (ssc: StreamingContext, ...streams: { [N in keyof I]: DStream<I[N]> }) => P,
  inputs: { readonly [N in keyof I]: InputBatches<I[N]> },
  options: RunBatchesOptions = {},
): Promise<Outputs<P>> {
  const { batchInterval = 1000, threads = 1, partitions = threads, batches, kill, restartAfter, ...rest } = options
  const interval = toMillis(batchInterval, 'batchInterval')
  const lists = inputs as readonly InputBatches<unknown>[]
  const count = batches ?? Math.max(0, ...lists.map((list) => list.length))
  if (!Number.isInteger(count) || count < 0) {
    throw new ArgumentError(`batches is ${batches}; it must be a whole number of batches to run.`, { batches })
  }
  const outputs: Record<string, OutputBatch<unknown>[]> = {}
  let single = false
  const run = async (from: number, to: number, checkpointed: CheckpointOptions, atEnd = async () => {}) => {
    const clock = new ManualClock(from * interval)
    await using ssc = new StreamingContext({
      spare: false,
      ...checkpointed,
      ...rest,
      batchInterval: interval,
      threads,
      parallelism: partitions,
      clock,
    })
    const streams = lists.map((list) => ssc.input(knownBatches(list, interval)))
    const made = pipeline(ssc, ...(streams as { [N in keyof I]: DStream<I[N]> }))
    single = isStream(made)
    const named: Readonly<Record<string, Stream<unknown>>> = isStream(made) ? { output: made } : made
    for (const [name, stream] of Object.entries(named)) gather(stream, (outputs[name] ??= []))
    if (kill) ssc.on('batchStarted', ({ time }) => killSlot(ssc, kill(time / interval)))
    await ssc.start()
    for (let i = from; i < to; i++) {
      await clock.advance(interval)
      await ssc.awaitIdle()
    }
    // What a new process makes up for is due already.
    await ssc.awaitIdle()
    await atEnd()
  }
  if (restartAfter === undefined) await run(0, count, {})
  else {
    const until = Math.min(restartAfter, count)
    await inNewDirectory(async (directory) => {
      const [first, second] = [join(directory, 'first'), join(directory, 'second')]
      const checkpointed = (checkpointDir: string) => ({ checkpointDir, checkpointInterval: interval })
      // A context that is stopped writes a last checkpoint; one that is killed does not.
      await run(0, until, checkpointed(first), async () => {
        if (existsSync(first)) await cp(first, second, { recursive: true })
      })
      await run(until, count, checkpointed(second))
    })
  }
  return (single ? outputs.output : outputs) as Outputs<P>
}

type CheckpointOptions = Pick<StreamingOptions, 'checkpointDir' | 'checkpointInterval'>

/** Batches by their number, so that any process can ask for any of them. */
function knownBatches<T>(batches: InputBatches<T>, interval: number): LocalSource<T> {
  return {
    kind: 'local',
    name: 'batches',
    replayable: true,
    next: (time) => {
      const batch = batches[Math.round(time / interval) - 1]
      return batch === undefined ? [] : (batch ?? undefined)
    },
  }
}

async function inNewDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-restart-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function isStream(made: unknown): made is Stream<unknown> {
  return typeof (made as Stream<unknown>).getOrCompute === 'function'
}

/** Lists the batches of a stream as they come. */
function gather<T>(stream: Stream<T>, batches: OutputBatch<T>[]): void {
  stream.foreachRDD(async (rdd, time) => {
    batches.push({ time, records: await rdd.collect() })
  })
}

/**
 * Ends a worker thread at once and without a word to the engine, as if it had crashed: to test that a pipeline gives the
 * same whatever dies; also through the handle of a driver thread. Resolves when the thread is gone; the engine replaces it. `slot`: 0 to threads - 1.
 *
 * ```ts
 * await ctx.start()
 * await terminateThread(ctx)
 * await ctx.range(3).collect() // [0, 1, 2]
 * ```
 *
 * @throws StateError if no thread is ready in this slot: the context is not started, or the thread is being replaced.
 */
export async function terminateThread(context: Context | StreamingContext | PipelineHandle, slot = 0): Promise<void> {
  if ('terminateThread' in context) return await context.terminateThread(slot)
  await terminateThreadOf((context instanceof StreamingContext ? context.context : context).engine, slot)
}

function killSlot(ssc: StreamingContext, slot: number | undefined): void {
  if (slot === undefined) return
  const thread = ssc.context.engine.pool?.ready().find((ready) => ready.slot === slot)
  // What the thread was doing is told by its loss; a worker that is gone already cannot be killed again.
  if (thread) void thread.worker.terminate()
}
