import { SaveError } from '../errors.js'
import { dstreams, streamNode } from '../ops/dstream/facade.js'
import type { OutputCall } from '../ops/dstream/graph.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import { applyTo, collectParts, joined } from '../ops/rdd/actions.js'
import { type BaseRdd, nodeOf, rdds } from '../ops/rdd/facade.js'
import { localPartitions } from '../ops/rdd/local-iterator.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { checkSink, type DataSink, type SinkWrite, type WriterFactory, type WriterRef } from '../ops/sink.js'
import { extendContext, type TaskContext } from '../ops/task-context.js'
import { ExportLoader } from '../pool/export-loader.js'
import { messageOf } from '../values/message-of.js'
import { commitOutput } from './commit-output.js'
import { isRecordTarget, type RecordTarget, recordWriter } from './writable.js'

declare module '../ops/rdd/facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the dataset to a sink. Action; workers write the partitions, and the driver commits all of them at once.
     * Outside of a batch, the sink cannot recognise a repeated write.
     *
     * ```ts
     * const counting = {
     *   name: 'counting',
     *   writer: {
     *     module: `data:text/javascript,${encodeURIComponent(`export const counter = { open() {
     *       let n = 0
     *       return { write(records) { n += records.length }, commit: () => n }
     *     } }`)}`,
     *     export: 'counter',
     *   },
     *   commit: async (_write: unknown, counts: readonly unknown[]) => console.error(counts),
     * }
     * await ctx.range(3).writeTo(counting)
     * ```
     *
     * A Node `Writable` or a web `WritableStream` receives the records in order, no faster than it accepts them, with
     * one partition at a time in the driver's memory. It stays open. A `Writable` that is not in object mode receives
     * bytes, and texts as lines.
     *
     * @throws ArgumentError (rejects) unless `sink` is a sink or a stream; SaveError if the sink cannot open or commit,
     * or the stream fails.
     */
    writeTo(sink: DataSink<T> | RecordTarget<T>): Promise<void>
  }
}
declare module '../ops/dstream/facade.js' {
  interface BaseStream<T> {
    /**
     * Writes each batch to a sink. Output operation; workers write the partitions, and the driver commits all of them
     * at once. A batch that runs again commits with the same time, by which the sink recognises it.
     *
     * ```ts
     * const writer = { module: 'data:text/javascript,export const none = { open: () => ({ write() {}, commit() {} }) }', export: 'none' }
     * ssc.queueStream([[1]]).writeTo({ name: 'none', writer, commit: async () => {} })
     * ```
     *
     * A Node `Writable` or a web `WritableStream` receives the records of each batch in order, in the driver, and the
     * batch waits until it has accepted them. It stays open at the end. A `Writable` that is not in object mode
     * receives bytes, and texts as lines.
     *
     * ```ts
     * ssc.queueStream([['a', 'b']]).writeTo(process.stderr)
     * ```
     *
     * @throws ArgumentError unless `sink` is a sink or a stream; StateError after start().
     */
    writeTo(sink: DataSink<T> | RecordTarget<T>): void
  }
}

/** The number of records that a writer receives at once. */
const AT_ONCE = 1000

const writers = new ExportLoader<WriterFactory>('writer', 'open', 'open(context), which returns a writer', SaveError)

defineBuiltin(
  'writePartition',
  (ref: WriterRef, output: string | undefined) =>
    (records: readonly unknown[], _partition: number, context: TaskContext) =>
      writePartition(ref, output, records, context),
  'later',
)

/** Runs in a worker. Resolves with the message for the driver's commit. */
async function writePartition(
  ref: WriterRef,
  output: string | undefined,
  records: readonly unknown[],
  task: TaskContext,
): Promise<unknown> {
  const factory = await writers.load(ref)
  const writer = await factory.open(extendContext(task, { time: task.batchTime, output, options: ref.options }))
  try {
    for (let at = 0; at < records.length; at += AT_ONCE) await writer.write(records.slice(at, at + AT_ONCE))
    return await writer.commit()
  } catch (error) {
    // Report the first error, not this one.
    await Promise.resolve(writer.abort?.()).catch(() => undefined)
    throw error
  }
}

/** The number of users of each sink: streams until they stop, and actions while they run. */
const uses = new WeakMap<DataSink, { readonly opening: Promise<void>; count: number }>()

/** Opens a sink for its first user. */
async function acquire(sink: DataSink): Promise<void> {
  let use = uses.get(sink)
  if (!use) {
    const opening = stepOf(sink, 'open', async () => await sink.open?.())
    uses.set(sink, (use = { opening, count: 0 }))
    opening.catch(() => uses.delete(sink))
  }
  use.count++
  await use.opening
}

/** Closes a sink after its last user. */
async function release(sink: DataSink): Promise<void> {
  const use = uses.get(sink)
  if (!use || --use.count > 0) return
  uses.delete(sink)
  await stepOf(sink, 'close', async () => await sink.close?.())
}

async function write(rdd: Rdd<unknown>, sink: DataSink, as: SinkWrite): Promise<void> {
  let messages: unknown[]
  try {
    messages = await applyTo<unknown>(rdd, builtin('writePartition', sink.writer, as.output), `writeTo(${sink.name})`)
  } catch (error) {
    // Report the first error, not this one.
    await Promise.resolve(sink.abort?.(as)).catch(() => undefined)
    throw error
  }
  await commitOutput(rdd, () => stepOf(sink, 'commit', () => sink.commit(as, messages)))
}

async function stepOf(sink: DataSink, step: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (cause) {
    throw new SaveError(`The sink ${sink.name} could not ${step}: ${messageOf(cause)}`, {
      cause,
      details: { sink: sink.name, step },
    })
  }
}

rdds.writeTo = async function (sink) {
  if (isRecordTarget(sink)) return await writeRecords(this, sink)
  await acquire(checkSink(sink))
  try {
    await write(nodeOf(this), sink, { time: undefined, output: undefined })
  } finally {
    await release(sink)
  }
}

/** Writes a dataset to a stream of the driver, one partition after the other. */
async function writeRecords(rdd: BaseRdd<unknown>, target: RecordTarget<never>): Promise<void> {
  const writer = recordWriter(target)
  try {
    for await (const records of localPartitions(nodeOf(rdd))) await writer.write(records)
  } finally {
    writer.release()
  }
}

dstreams.writeTo = function (sink) {
  const stream = streamNode(this)
  const { graph } = stream
  if (isRecordTarget(sink)) {
    graph.mustBeOpen('writeTo')
    const writer = recordWriter(sink)
    const run = async (rdd: Rdd<unknown>) => await writer.write(joined(await collectParts(rdd)))
    // Records that such a stream still buffers are lost with the process.
    graph.addOutput(stream, 'writeTo(stream)', run, { close: async () => writer.release(), inMemory: true })
    return
  }
  checkSink(sink)
  let isOpen = false
  const run = async (rdd: Rdd<unknown>, { time, outputId }: OutputCall) => {
    if (!isOpen) await acquire(sink)
    isOpen = true
    await write(rdd, sink, { time, output: outputId })
  }
  const close = async () => {
    if (isOpen) await release(sink)
    isOpen = false
  }
  graph.addOutput(stream, `writeTo(${sink.name})`, run, { close })
}
