import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { InputNode } from '../../ops/dstream/node.js'
import { hashPartitioner } from '../../ops/partitioner.js'
import { ReceivedRdd } from '../../ops/rdd/source-rdds.js'
import type { InputSource } from '../../ops/source.js'
import type { Engine } from '../engine.js'
import type { LostRecords } from '../events/engine-events.js'
import type { Logger } from '../logger.js'
import type { BatchLog } from './batch-log.js'
import type { Checkpoint } from './checkpoint.js'
import type { Saved } from './gather.js'
import { restoreAccumulators } from './saved-accumulators.js'
import { SavedBlocks } from './saved-blocks.js'
import { restoreState } from './state-restore.js'
import type { LoadedCheckpoint } from './store.js'

/**
 * Restores a context from a checkpoint of its graph, before its first batch: zero time, the progress of streams, kept state,
 * and the datasets that windows need. Returns the blocks and datasets that files hold already.
 */
export function restore(loaded: LoadedCheckpoint, graph: StreamGraph, engine: Engine): Saved {
  const { checkpoint } = loaded
  const blocks = new SavedBlocks(loaded, engine.driver)
  graph.zeroTime = checkpoint.zeroTime
  restoreAccumulators(graph.context, checkpoint.accumulators)
  beginStreams(checkpoint, graph)
  restoreDatasets(checkpoint, graph, engine, blocks)
  for (const [stream, uid] of graph.uids) {
    const states = checkpoint.states.filter((state) => state.uid === uid)
    const operation = checkpoint.operations.find((each) => each.uid === uid)!
    if (states.length > 0) restoreState(stream, operation, states, engine, blocks)
  }
  return { blocks: blocks.inFiles, rdds: checkpoint.rdds }
}

function beginStreams({ time, operations, progress, rdds }: Checkpoint, graph: StreamGraph): void {
  for (const stream of graph.streams) {
    const uid = graph.uids.get(stream)
    const held = operations.find((operation) => operation.uid === uid)?.held
    const times = rdds.filter((rdd) => rdd.uid === uid).map((rdd) => rdd.time)
    stream.beginAfter(time, held ? { begun: held.begun, times } : undefined)
    const saved = progress.find((each) => each.uid === uid)
    if (uid !== undefined && saved) stream.resume(saved.value)
  }
}

/** Windows of one stream share its datasets. */
function restoreDatasets({ rdds }: Checkpoint, graph: StreamGraph, engine: Engine, blocks: SavedBlocks): void {
  const windows = new Map([...graph.uids].map(([stream, uid]) => [uid, stream]))
  const restored = new Set<string>()
  for (const { uid, time, partitions, hashed } of rdds) {
    const stream = windows.get(uid)!.parents[0]!
    if (restored.has(`${stream.id}:${time}`)) continue
    restored.add(`${stream.id}:${time}`)
    if (!partitions) {
      stream.restore(time, undefined)
      continue
    }
    const handles = partitions.map((block) => blocks.copy(block))
    const rdd = graph.within(stream, time, () => {
      const slices = handles.map((block) => [{ block }])
      const placed = hashed ? hashPartitioner(handles.length) : undefined
      return new ReceivedRdd(graph.context, stream.label, slices, placed)
    })
    engine.attachBlocks(rdd, handles)
    stream.restore(time, rdd)
  }
}

/**
 * Reports where a context resumes, and which sources lost records since the checkpoint. `restartTime`: the time of the
 * first tick. The log counts the received records of batches; records that arrived after the last of these were only in
 * memory.
 */
export function announce(
  { checkpoint, path }: LoadedCheckpoint,
  restartTime: number,
  log: BatchLog,
  { batchInterval, inputs, uids }: StreamGraph,
  { events }: Engine,
  logger: Logger,
): void {
  const { time: checkpointTime, ended, positions } = checkpoint
  const batches = Math.ceil((restartTime - checkpointTime) / batchInterval) - 1
  const replayed = new Set(positions.map(({ uid }) => uid))
  const { records, until: countedUntil = checkpointTime, areLogged } = log.receivedBefore()
  const mayBeLost = (input: InputNode) =>
    mayLose(input.source) && !(areLogged && input.source.kind === 'receiver' && !records?.has(uids.get(input)!))
  const lost = inputs
    .filter((input) => !ended && !replayed.has(uids.get(input)!) && mayBeLost(input))
    .map((input): LostRecords => {
      const { name, kind } = input.source
      const counted = kind === 'receiver' ? records && (records.get(uids.get(input)!) ?? 0) : undefined
      return { stream: input.id, name, records: counted ?? 'unknown', countedUntil }
    })
  if (lost.length > 0) {
    logger.warn(
      `the streams resume after batch ${checkpointTime} ms of ${path}. Lost since then: ${lost.map(describeLost).join('; ')}`,
      { lost },
    )
  }
  events.emit('recovered', { path, checkpointTime, restartTime, batches, lost })
}

/** Whether records since the checkpoint may be lost. A service that acknowledges sends unacknowledged records again. */
function mayLose(source: InputSource): boolean {
  return source.kind === 'direct' || (source.kind === 'receiver' && source.ackAfter !== 'processed')
}

function describeLost({ name, records, countedUntil }: LostRecords): string {
  if (records === 'unknown') return `${name} (an unknown number of records)`
  return `${name} (${records} records up to batch ${countedUntil} ms, and an unknown number after it)`
}
