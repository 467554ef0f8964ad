import { inspect, isDeepStrictEqual } from 'node:util'
import type { Checkpoint } from '../../engine/checkpoint/checkpoint.js'
import type { BytesOf } from '../../engine/checkpoint/read-blocks.js'
import { entriesOf } from '../../engine/checkpoint/state-conversion.js'

export interface Loaded {
  readonly checkpoint: Checkpoint
  readonly bytesOf: BytesOf
}

/** A key whose state differs. `before` or `after` is absent if the key does not exist there. */
export interface KeyChange {
  readonly key: unknown
  readonly before?: unknown
  readonly after?: unknown
}

export interface OperationDifference {
  readonly uid: string
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly same: number
  readonly changes: readonly KeyChange[]
}

/**
 * Compares the keyed state of two checkpoints, operation by operation. Decodes both. `limit`: how many keys of each
 * operation to list.
 */
export function differences(from: Loaded, to: Loaded, limit: number): OperationDifference[] {
  const uids = new Set([...from.checkpoint.states, ...to.checkpoint.states].map(({ uid }) => uid))
  return [...uids].map((uid) => difference(uid, stateOf(from, uid), stateOf(to, uid), limit))
}

function difference(uid: string, before: State, after: State, limit: number): OperationDifference {
  const counts = { added: 0, removed: 0, changed: 0, same: 0 }
  const changes: KeyChange[] = []
  const note = (kind: keyof typeof counts, change: KeyChange) => {
    counts[kind]++
    if (kind !== 'same' && changes.length < limit) changes.push(change)
  }
  for (const [name, { key, value }] of after) {
    const old = before.get(name)
    if (!old) note('added', { key, after: value })
    else note(isDeepStrictEqual(old.value, value) ? 'same' : 'changed', { key, before: old.value, after: value })
  }
  for (const [name, { key, value }] of before) if (!after.has(name)) note('removed', { key, before: value })
  return { uid, ...counts, changes }
}

type State = ReadonlyMap<string, { readonly key: unknown; readonly value: unknown }>

/** Returns the entries of an operation by the text of their keys. Different keys have different texts. */
function stateOf({ checkpoint, bytesOf }: Loaded, uid: string): State {
  const states = checkpoint.states.filter((state) => state.uid === uid)
  const whole = { depth: Infinity, maxArrayLength: null, maxStringLength: null, breakLength: Infinity, sorted: true }
  return new Map(
    states.flatMap((state) =>
      entriesOf(state, bytesOf).map(({ key, value }) => [inspect(key, whole), { key, value }] as const),
    ),
  )
}
