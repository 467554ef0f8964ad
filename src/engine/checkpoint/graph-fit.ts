import { CheckpointError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { StreamNode } from '../../ops/dstream/node.js'
import { describe } from '../../values/describe.js'
import type { Logger } from '../logger.js'
import type { Checkpoint, SavedOperation, SavedRdd } from './checkpoint.js'
import { operationOf } from './operations.js'
import { savedFault } from './saved-fault.js'
import type { LoadedCheckpoint } from './store.js'

/** Operations that an error names. */
const NAMED = 5

/** An operation of the checkpoint whose data the graph cannot take. */
interface Misfit {
  readonly uid: string
  readonly reason: string
}

/**
 * Returns the checkpoint without the operations in `dropState`, once all others fit the graph. Checks this before anything of
 * it is used. Sets the graph's zero time.
 *
 * @throws CheckpointError that names the operations that do not fit, or the field that no context of this graph writes.
 */
export function fitToGraph(
  loaded: LoadedCheckpoint,
  graph: StreamGraph,
  dropState: readonly string[],
  logger: Logger,
): LoadedCheckpoint {
  const { path } = loaded
  const checkpoint = without(loaded.checkpoint, dropState, logger)
  graph.zeroTime = checkpoint.zeroTime
  const streams = new Map([...graph.uids].map(([stream, uid]) => [uid, stream]))
  const misfits = checkpoint.operations.flatMap((saved) => {
    const data = dataOf(saved.uid, checkpoint)
    if (!data) return []
    const stream = streams.get(saved.uid)
    const reason = stream ? misfit(saved, stream, checkpoint, streams) : `nothing in this program continues its ${data}`
    return reason === undefined ? [] : [{ uid: saved.uid, reason }]
  })
  if (misfits.length > 0) throw doesNotFit(path, misfits, newcomers(checkpoint, graph))
  const fitting = only(checkpoint, (uid) => streams.has(uid))
  const fault = savedFault(fitting, streams)
  if (fault === undefined) return { ...loaded, checkpoint: fitting }
  throw new CheckpointError(
    `${path} is not a checkpoint that this package wrote: ${fault}. Remove it, so that the one before counts, or restore the directory from a backup.`,
    { path, fault },
  )
}

function without(checkpoint: Checkpoint, dropState: readonly string[], logger: Logger): Checkpoint {
  const dropped = checkpoint.operations.map(({ uid }) => uid).filter((uid) => dropState.includes(uid))
  for (const uid of dropped) logger.warn(`dropState: the checkpoint's data of ${describe(uid)} is dropped`, { uid })
  return only(checkpoint, (uid) => !dropped.includes(uid))
}

/** Returns what the checkpoint has of some operations. */
function only(checkpoint: Checkpoint, wanted: (uid: string) => boolean): Checkpoint {
  const kept = <T extends { readonly uid: string }>(rows: readonly T[]) => rows.filter(({ uid }) => wanted(uid))
  const { operations, progress, positions, rates, states, rdds } = checkpoint
  return {
    ...checkpoint,
    operations: kept(operations),
    progress: kept(progress),
    positions: kept(positions),
    rates: kept(rates),
    states: kept(states),
    rdds: kept(rdds),
  }
}

/** Names the data of an operation that would be lost; undefined if there is none, or no more than a rate. */
function dataOf(uid: string, { progress, positions, states, rdds }: Checkpoint): string | undefined {
  const has = (rows: readonly { readonly uid: string }[]) => rows.some((row) => row.uid === uid)
  if (has(states)) return 'state'
  if (has(rdds)) return 'window'
  if (has(positions)) return 'position'
  return has(progress) ? 'progress' : undefined
}

/** Why the data of an operation does not fit its stream. */
function misfit(
  saved: SavedOperation,
  stream: StreamNode,
  checkpoint: Checkpoint,
  streams: ReadonlyMap<string, StreamNode>,
): string | undefined {
  const here = operationOf(stream, saved.uid, checkpoint.time)
  if (saved.form !== here.form) return `it was '${saved.form}' and is '${here.form}'`
  if (saved.placed?.by === 'range' || here.placed?.by === 'range')
    return 'its keys are placed by ranges, which another process cannot find again; use hashPartitioner or customPartitioner'
  return versionMisfit(saved, stream) ?? windowMisfit(saved, stream, checkpoint, streams)
}

function versionMisfit({ stateVersion: there }: SavedOperation, { kept }: StreamNode): string | undefined {
  const { stateVersion: here = 1, upgrade } = kept ?? {}
  if (there === here || (there < here && upgrade)) return undefined
  const remedy = there < here ? 'add upgrade(old, fromVersion)' : 'this program is older than the one that wrote it'
  return `its values have stateVersion ${there}, and the program has ${here}: ${remedy}`
}

function windowMisfit(
  { uid, held }: SavedOperation,
  stream: StreamNode,
  { time, rdds }: Checkpoint,
  streams: ReadonlyMap<string, StreamNode>,
): string | undefined {
  if (!held) return undefined
  const needed = stream.needsSince(time)
  if (held.since > held.begun && needed < held.since)
    return `its next window needs all batches after ${needed} ms, and the checkpoint has those after ${held.since} ms; keep its length and slide, or shorten it`
  const [mine, others] = [true, false].map((isMine) => rdds.filter((rdd) => (rdd.uid === uid) === isMine)) as [
    SavedRdd[],
    SavedRdd[],
  ]
  const clash = others.find((other) => {
    if (streams.get(other.uid)?.parents[0] !== stream.parents[0]) return false
    const same = mine.find((rdd) => rdd.time === other.time)
    return same !== undefined && JSON.stringify(same.partitions) !== JSON.stringify(other.partitions)
  })
  return clash && `it read another stream than '${clash.uid}', and both read the same one now`
}

/** Operations that keep data and have none in the checkpoint. */
function newcomers({ operations }: Checkpoint, { uids }: StreamGraph): string[] {
  const known = new Set(operations.map(({ uid }) => uid))
  return [...uids].filter(([{ kept }, uid]) => kept && !known.has(uid)).map(([, uid]) => uid)
}

function doesNotFit(path: string, misfits: readonly Misfit[], added: readonly string[]): CheckpointError {
  const named = misfits.slice(0, NAMED).map(({ uid, reason }) => `${describe(uid)}: ${reason}`)
  const more = misfits.length > NAMED ? `; and ${misfits.length - NAMED} more` : ''
  const candidates = added.length > 0 ? ` Operations here without data there: ${added.map(describe).join(', ')}.` : ''
  const uids = misfits.map(({ uid }) => uid)
  const rest = misfits.length > 1 ? ', ...' : ''
  return new CheckpointError(
    `${path} does not fit this program: ${named.join('; ')}${more}.${candidates} Set uid(${describe(uids[0])}) on the operation that continues the data, or drop the data: start({ dropState: [${describe(uids[0])}${rest}] }).`,
    { path, misfits },
  )
}
