import { CheckpointError } from '../../errors.js'
import type { StreamBuilder } from '../../ops/dstream/builder.js'
import { hashPartitioner } from '../../ops/partitioner.js'
import { ReceivedRdd } from '../../ops/rdd/source-rdds.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { DRIVER, type Engine } from '../engine.js'
import type { Logger } from '../logger.js'
import type { Checkpoint, SavedBlock } from './format.js'
import type { Saved } from './gather.js'
import type { LoadedCheckpoint } from './store.js'

/** Differing lines of the graph that an error names. */
const NAMED = 3

/** @throws CheckpointError unless the checkpoint is one of this graph. The error names what differs. */
export function checkShape({ checkpoint, path }: LoadedCheckpoint, builder: StreamBuilder): void {
  const before = checkpoint.graph
  const shape = builder.shape()
  const lines = Array.from({ length: Math.max(before.length, shape.length) }, (_, i) => i)
  const differing = lines.filter((i) => before[i] !== shape[i])
  if (differing.length === 0) {
    checkPlaces(checkpoint, path, builder)
    return
  }
  const named = differing
    .slice(0, NAMED)
    .map((i) => `'${before[i] ?? 'nothing'}' there, '${shape[i] ?? 'nothing'}' here`)
  const more = differing.length > NAMED ? `; and ${differing.length - NAMED} lines more` : ''
  throw new CheckpointError(
    `${path} is a checkpoint of another graph: ${named.join('; ')}${more}. Its state and windows would not fit. Build the graph as it was (functions may change), with the same batchInterval and parallelism, or give another directory to begin anew.`,
    { path, differing: differing.map((i) => [before[i], shape[i]]) },
  )
}

/** Streams and times must be some that this graph can have: a stray one would end in an internal error much later. */
function checkPlaces(checkpoint: Checkpoint, path: string, { streams, batchInterval }: StreamBuilder): void {
  const { time, zeroTime, progress, positions, rdds, states } = checkpoint
  const named = [...progress, ...positions, ...rdds].map(({ stream }) => stream)
  const stray = [...named, ...states.map(({ operator }) => operator)].find((id) => streams[id] === undefined)
  const fault =
    stray !== undefined
      ? `it names stream ${stray} of ${streams.length}`
      : (time - zeroTime) % batchInterval !== 0
        ? `${time} ms is the time of no batch, with batches of ${batchInterval} ms from ${zeroTime} ms on`
        : undefined
  if (fault === undefined) return
  throw new CheckpointError(
    `${path} is not a checkpoint that this package wrote: ${fault}. Remove it, so that the one before counts, or restore the directory from a backup.`,
    { path, fault },
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
