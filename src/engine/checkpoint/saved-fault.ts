import type { InputNode, StreamNode } from '../../ops/dstream/node.js'
import { messageOf } from '../../values/message-of.js'
import type { Checkpoint } from './checkpoint.js'

/**
 * Returns what no context of a graph writes into a checkpoint: it would end in an internal error much later. `streams`: those
 * of the graph, by uid.
 */
export function savedFault(checkpoint: Checkpoint, streams: ReadonlyMap<string, StreamNode>): string | undefined {
  return (
    timeFault(checkpoint) ??
    progressFault(checkpoint, streams) ??
    positionFault(checkpoint, streams) ??
    stateFault(checkpoint, streams) ??
    windowFault(checkpoint, streams)
  )
}

function timeFault({ time, zeroTime, batchInterval }: Checkpoint): string | undefined {
  if ((time - zeroTime) % batchInterval === 0) return undefined
  return `${time} ms is the time of no batch, with batches of ${batchInterval} ms from ${zeroTime} ms on`
}

/** Each stream knows what it saves. */
function progressFault({ progress }: Checkpoint, streams: ReadonlyMap<string, StreamNode>): string | undefined {
  for (const [i, { uid, value }] of progress.entries()) {
    const check = streams.get(uid)!.kept?.progress
    if (!check) return `'${uid}' saves no progress, but the checkpoint holds some`
    const fault = messageOfThrown(() => check(value, `progress[${i}].value`))
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Each source knows its positions. */
function positionFault({ positions }: Checkpoint, streams: ReadonlyMap<string, StreamNode>): string | undefined {
  for (const { uid, value } of positions) {
    const { source } = streams.get(uid) as Partial<InputNode>
    if (source?.kind !== 'direct') return `'${uid}' has no position, but the checkpoint holds one`
    const fault = messageOfThrown(() => source.checkPosition?.(value))
    if (fault !== undefined) return `the position of ${source.name}: ${fault}`
  }
  return undefined
}

/** A state has all of its partitions, each once, at the version that its stream continues from. */
function stateFault(checkpoint: Checkpoint, streams: ReadonlyMap<string, StreamNode>): string | undefined {
  const { operations, states, progress } = checkpoint
  for (const { uid, placed } of operations) {
    const mine = states.filter((state) => state.uid === uid)
    if (mine.length === 0) continue
    if (!placed || !streams.get(uid)!.kept?.partitioner) return `'${uid}' keeps no state, but the checkpoint holds some`
    const partitions = new Set(mine.map(({ partition }) => partition))
    if (mine.length !== placed.partitions || partitions.size !== mine.length || Math.max(...partitions) >= mine.length)
      return `the state of '${uid}' has other partitions than its ${placed.partitions}`
    const { time } = (progress.find((each) => each.uid === uid)?.value ?? {}) as { readonly time?: number }
    const other = mine.find(({ version }) => version !== time)
    if (other) return `the state of '${uid}' is of ${other.version} ms, and its progress of ${time} ms`
  }
  return undefined
}

function windowFault({ rdds }: Checkpoint, streams: ReadonlyMap<string, StreamNode>): string | undefined {
  const stray = rdds.find(({ uid }) => !streams.get(uid)!.held(0))
  return stray && `'${stray.uid}' is no window, but the checkpoint holds datasets for it`
}

function messageOfThrown(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
