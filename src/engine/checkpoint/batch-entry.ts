import type { BlockRange } from '../write-ahead-log/heads.js'
import type { Checkpoint } from './checkpoint.js'

/** The input of one batch, and the outputs that have completed for it. */
export interface BatchEntry {
  /** Partitions of direct sources, by the uid of the input. */
  readonly assigned: readonly (readonly [uid: string, partitions: readonly object[]])[]
  /** Records that receivers had for the batch, by the uid of the input. */
  readonly received: readonly (readonly [uid: string, records: number])[]
  /** The blocks of these records, if there is a write-ahead log. */
  readonly blocks: readonly BlockRange[]
  /** The ids of the completed outputs: see StreamIds. */
  readonly done: readonly string[]
  /** The digests of the records that completed outputs had, by the ids of the outputs, if replays may need them. */
  readonly digests: readonly (readonly [outputId: string, digest: string])[]
  /** Accumulators with a name that had changed since the record before, when the last of these outputs completed. */
  readonly accumulators: Checkpoint['accumulators']
}

export const EMPTY_ENTRY: BatchEntry = {
  assigned: [],
  received: [],
  blocks: [],
  done: [],
  digests: [],
  accumulators: [],
}

/** Returns the value as the record of a batch. @throws Error that says why it is none. */
export function checkEntry(value: unknown): BatchEntry {
  const { assigned, received, done, ...later } = (value ?? {}) as Record<string, unknown>
  const { blocks = [], digests = [], accumulators = [] } = later
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string'
  if (![assigned, received, done, blocks, digests, accumulators].every(Array.isArray))
    throw new Error('it is no record of a batch')
  if (![...(assigned as unknown[]), ...(received as unknown[])].every(isPair))
    throw new Error('it names no input by its uid')
  if (!(received as [string, unknown][]).every(([, count]) => Number.isSafeInteger(count)))
    throw new Error('it has no count of records')
  if (!(digests as unknown[]).every((pair) => isPair(pair) && typeof (pair as [string, unknown])[1] === 'string'))
    throw new Error('it has a digest that is no text')
  for (const { name, value: saved } of accumulators as Record<string, unknown>[]) {
    if (typeof name !== 'string' || typeof saved !== 'string') throw new Error('it has an accumulator that is no text')
  }
  return {
    ...(value as BatchEntry),
    blocks: blocks as BatchEntry['blocks'],
    digests: digests as BatchEntry['digests'],
    accumulators: accumulators as BatchEntry['accumulators'],
  }
}
