import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseName } from './engine/checkpoint/names.js'
import { localEngineOf } from './engine/local/local-engine-of.js'
import type { FileSystemRef } from './files/file-system.js'
import { MemoryStore, serveMemory } from './files/memory.js'
import {
  ArgumentError,
  type BaseStream,
  type Context,
  type DStream,
  type Duration,
  type LocalSource,
  ManualClock,
  type OutputBatch,
  type PipelineHandle,
  type RDD,
  StreamingContext,
  type StreamingOptions,
} from './index.js'
import { isDStream } from './ops/dstream/facade.js'
import { toMillis } from './ops/time.js'
import { PACKAGE_ROOT } from './package-root.js'
import { describe } from './values/describe.js'

export { FAULT_POINTS, type FaultPoint } from './pool/fault-points.js'
export type { FaultPlan } from './pool/protocol.js'
export type { OutputBatch }
export { ManualClock }

/** The batches of one input stream, in order. Null is a batch without a dataset, which differs from an empty batch. */
export type InputBatches<T> = readonly (readonly T[] | null)[]

export interface RunBatchesOptions extends Omit<StreamingOptions, 'batchInterval' | 'clock' | 'parallelism'> {
  /** Default 1000 ms, so that batch i (from 1) has the time i * 1000. */
  readonly batchInterval?: Duration
  /** Default 1. */
  readonly threads?: number
  /** Partitions of each input batch, and of shuffles without an explicit number. Default: `threads`. */
  readonly partitions?: number
  /**
   * The number of batches to run. Shorter inputs continue with empty batches. Default: the length of the longest input.
   */
  readonly batches?: number
  /**
   * Called when batch i (from 1) starts. Returns the slot of a thread to kill while the batch runs, or undefined for
   * none. A pipeline's results do not depend on which thread dies.
   */
  readonly kill?: (batch: number) => number | undefined
  /**
   * Discards all memory after this batch (from 1), as if the process were killed, and continues from the newest
   * checkpoint in a second context. For that, `pipeline` is called a second time. Batches that run again are listed
   * again. Every batch is checkpointed unless `checkpointInterval` says otherwise.
   */
  readonly restartAfter?: number
}

/** The results of a pipeline: the batches of its one stream, or of each stream by name. */
export type Outputs<P> =
  P extends BaseStream<infer T>
    ? OutputBatch<T>[]
    : { [N in keyof P]: P[N] extends BaseStream<infer T> ? OutputBatch<T>[] : never }

/**
 * Runs a pipeline over known batches under its own manual clock, so without waiting. Resolves with the output of every
 * batch. If a stream does not fire in a batch, or has no dataset, the batch is absent from its list. Rejects with the
 * error of the first batch that fails; later batches do not run.
 *
 * ```ts
 * const counts = await runBatches((ssc, words) => words.countByValueAndWindow('2s', '1s'), [[['a', 'b'], ['a'], []]])
 * // [{ time: 1000, records: [['a', 1], ['b', 1]] }, { time: 2000, records: [['a', 2], ['b', 1]] },
 * //  { time: 3000, records: [['a', 1]] }]
 * ```
 *
 * The order of records after a shuffle is unspecified, so compare such batches as multisets. Functions of the operators
 * are shipped to worker threads as in any program, so they cannot capture variables.
 */
export async function runBatches<
  I extends readonly unknown[],
  P extends BaseStream<unknown> | Readonly<Record<string, BaseStream<unknown>>>,
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
    throw new ArgumentError(`batches is ${describe(batches)}; it must be a whole number of batches to run.`, {
      batches,
    })
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
    single = isDStream(made)
    const named: Readonly<Record<string, BaseStream<unknown>>> = isDStream(made) ? { output: made } : made
    for (const [name, stream] of Object.entries(named)) gather(stream, (outputs[name] ??= []))
    if (kill) ssc.on('batchStarted', ({ time }) => killSlot(ssc, kill(time / interval)))
    await ssc.start()
    for (let i = from; i < to; i++) {
      await clock.advance(interval)
      await ssc.awaitIdle()
    }
    // The batches that a new process must run are already due.
    await ssc.awaitIdle()
    await atEnd()
  }
  if (restartAfter === undefined) await run(0, count, {})
  else {
    const until = Math.min(restartAfter, count)
    await inNewDirectory(async (directory) => {
      const [first, second] = [join(directory, 'first'), join(directory, 'second')]
      const checkpointed = (checkpointDir: string) => ({ checkpointDir, checkpointInterval: interval })
      // A stopped context writes a last checkpoint; a killed one does not.
      await run(0, until, checkpointed(first), async () => {
        if (existsSync(first)) await cp(first, second, { recursive: true, filter: isNoOwner })
      })
      await run(until, count, checkpointed(second))
    })
  }
  return (single ? outputs.output : outputs) as Outputs<P>
}

type CheckpointOptions = Pick<StreamingOptions, 'checkpointDir' | 'checkpointInterval'>

/** Batches by their number, so that any process can read any of them. */
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

/** An owner's file names this process, which lives. So the second context would wait for the end of its heartbeats. */
const isNoOwner = (path: string): boolean => parseName(basename(path))?.kind !== 'owner'

/** Lists the batches of a stream as they come. */
function gather<T>(stream: BaseStream<T>, batches: OutputBatch<T>[]): void {
  const collect = async (rdd: RDD<T>, time: number) => void batches.push({ time, records: await rdd.collect() })
  stream.foreachRDD(collect, { inMemory: true })
}

/**
 * Ends a worker thread at once and without notice to the engine, as a crash would, to test that a pipeline's results
 * survive it. Also works through the handle of a driver thread. Resolves when the thread has ended; the engine replaces
 * it. `slot`: 0 to threads - 1.
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
  await localEngineOf(context).terminateThread(slot)
}

function killSlot(ssc: StreamingContext, slot: number | undefined): void {
  if (slot === undefined) return
  const thread = localEngineOf(ssc)
    .pool?.ready()
    .find((ready) => ready.slot === slot)
  // The loss of the thread ends its task; a worker that has already ended cannot be killed again.
  if (thread) void thread.worker.terminate()
}

/** Files in the memory of this thread, for tests of pipelines that read and write files. */
export interface MemoryFiles {
  /** Pass it to a context: `new Context({ fileSystems: { memory: files.system } })`. */
  readonly system: FileSystemRef
  /** Returns the bytes of all files, by path. */
  all(): Map<string, Uint8Array>
  /** Writes a file, as another program would. */
  write(path: string, content: string | Uint8Array): void
  /** Deletes a file or directory, as another program would. */
  delete(path: string): void
  /** Ends the service; later calls of threads reject. */
  close(): void
}

/**
 * Holds files in memory under paths such as `memory://x/in/a.txt`, for all threads of a context. They outlive the
 * context.
 *
 * ```ts
 * const files = memoryFiles()
 * files.write('memory://x/in.txt', 'a\nb\n')
 * const own = new Context({ threads: 1, fileSystems: { memory: files.system } })
 * await own.textFile('memory://x/in.txt').collect() // ['a', 'b']
 * await own.stop()
 * files.close()
 * ```
 */
export function memoryFiles(): MemoryFiles {
  const store = new MemoryStore()
  const channel = `millrace-memory-${crypto.randomUUID()}`
  const close = serveMemory(store, channel)
  return {
    system: { module: new URL('files/memory.js', PACKAGE_ROOT).href, export: 'memoryFileSystem', options: { channel } },
    all: () => store.files(),
    write: (path, content) => store.put(path, typeof content === 'string' ? Buffer.from(content) : content),
    delete: (path) => store.delete(path),
    close,
  }
}
