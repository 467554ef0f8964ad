import { CheckpointError } from '../../errors.js'
import type { StreamBuilder } from '../../ops/dstream/builder.js'
import { hashPartitioner } from '../../ops/partitioner.js'
import { ReceivedRdd } from '../../ops/rdd/source-rdds.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { DRIVER, type Engine } from '../engine.js'
import type { Logger } from '../options.js'
import type { SavedBlock } from './format.js'
import type { Saved } from './gather.js'
import type { LoadedCheckpoint } from './store.js'

/** Lines that are told of a graph that differs. */
const TOLD = 3

/** Throws CheckpointError unless the graph is that of the checkpoint; says what differs. */
export function checkShape({ checkpoint, path }: LoadedCheckpoint, shape: readonly string[]): void {
  const before = checkpoint.graph
  const lines = Array.from({ length: Math.max(before.length, shape.length) }, (_, i) => i)
  const differing = lines.filter((i) => before[i] !== shape[i])
  if (differing.length === 0) return
  const told = differing.slice(0, TOLD).map((i) => `'${before[i] ?? 'nothing'}' there, '${shape[i] ?? 'nothing'}' here`)
  const more = differing.length > TOLD ? `; and ${differing.length - TOLD} lines more` : ''
  throw new CheckpointError(
    `${path} is a checkpoint of another graph: ${told.join('; ')}${more}. Its state and windows would not fit. Build the graph as it was (functions may change), with the same batchInterval and parallelism, or give another directory to begin anew.`,
    { path, differing: differing.map((i) => [before[i], shape[i]]) },
  )
}

/**
 * Puts a context where the checkpoint was: zero time, what streams know, kept state and the datasets that windows need.
 * Before its first batch. Answers with what is in files already.
 */
export function restore(loaded: LoadedCheckpoint, builder: StreamBuilder, engine: Engine): Saved {
  const { checkpoint, bytesOf } = loaded
  const blocks = new Map<number, SavedBlock>()
  const write = (saved: SavedBlock): BlockHandle => {
    const block = engine.writeBytes(bytesOf(saved), saved.codec, saved.count)
    blocks.set(block.id, saved)
    return block
  }
  builder.zeroTime = checkpoint.zeroTime
  for (const stream of builder.streams) stream.beginAfter(checkpoint.time)
  for (const { stream, value } of checkpoint.progress) builder.streams[stream]!.resume(value)
  for (const { stream: id, time, partitions, hashed } of checkpoint.rdds) {
    const stream = builder.streams[id]!
    if (!partitions) {
      stream.restore(time, undefined)
      continue
    }
    const handles = partitions.map(write)
    const rdd = builder.within(stream, time, () => {
      const slices = handles.map((block) => [{ block }])
      return new ReceivedRdd(
        builder.context,
        stream.label,
        slices,
        hashed ? hashPartitioner(handles.length) : undefined,
      )
    })
    engine.keepFor(rdd, handles)
    stream.restore(time, rdd)
  }
  for (const { operator, partition, version, snapshots, keys } of checkpoint.states) {
    const rows = {
      keys: keys.map(({ block, ...rest }) => ({ ...rest, block: write(block) })),
      snapshots: snapshots.map(({ block, name, after, ...rest }) => {
        return { ...rest, name, after, keys: undefined, block: write(block) }
      }),
    }
    engine.states.restore(operator, partition, version, rows, DRIVER)
  }
  return { blocks, rdds: checkpoint.rdds }
}

/** Tells where a context goes on, and whose records since the checkpoint are lost. `restartTime`: that of the first tick. */
export function announce(
  { checkpoint, path }: LoadedCheckpoint,
  restartTime: number,
  { batchInterval, inputs }: StreamBuilder,
  { events }: Engine,
  logger: Logger,
): void {
  const { time: checkpointTime, ended, positions } = checkpoint
  const batches = (restartTime - checkpointTime) / batchInterval - 1
  const replayed = new Set(positions.map(({ stream }) => stream))
  const lossy = inputs
    .filter(({ id, source }) => !ended && source.kind !== 'local' && !replayed.has(id))
    .map(({ source }) => source.name)
  if (lossy.length > 0)
    logger.warn(`going on after batch ${checkpointTime} ms of ${path}: what ${lossy.join(', ')} had sent since is lost`)
  events.emit('recovered', { path, checkpointTime, restartTime, batches, lossy })
}
