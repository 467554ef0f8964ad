import { KeyState } from '../../../ops/dstream/key-state.js'
import type { StateOperator } from '../../../ops/plan.js'
import { copyOf, isObject } from '../../../values/copy.js'
import type { ThreadServices } from '../runtime/task.js'
import type { Changes } from './changes.js'
import type { MakeVersion } from './make-version.js'
import type { Pairs } from './pairs.js'
import type { StateTable } from './table.js'

/** Records whose values are prefetched before the function runs for each. */
const TOGETHER = 256
/** The slot of an absent key. */
const ABSENT = -1

/**
 * mapWithState: the function runs once per record, and once per idle key. The cost depends on the records, except in
 * batches that search for idle keys. Groups: the batch's pairs and, in the first batch, the pairs of the initial state.
 */
export function makeMapOperator(operator: StateOperator & { kind: 'map' }, { resolve }: ThreadServices): MakeVersion {
  const fn = resolve(operator.fn)
  const { timed, timeout, ignoresKey, sharesState } = operator
  const shared = sharesState ? KeyState.none() : undefined
  return ({ entries }, changes, { time, groups: [pairs, initial], scan }) => {
    // Only timeouts read times. Not writing them saves a cache miss per record.
    const now = timeout === undefined ? 0 : time
    if (initial) setInitial(initial, entries, changes, now)
    const { slots, keys } = lookedUp(pairs!, entries, ignoresKey)
    const { values } = pairs!
    // An array that grows is copied again and again.
    const output = new Array<unknown>(slots.length)
    let results = 0
    const near = new Array<unknown>(TOGETHER)
    let removed = 0
    for (let start = 0; start < slots.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, slots.length - start)
      bringNear(entries.values, slots, start, count, near)
      for (let i = start; i < start + count; i++) {
        const key = keys?.[i]
        let slot = slots[i]!
        // Earlier records may have added or removed the key.
        if (slot < 0 || (removed > 0 && !entries.isAlive(slot))) slot = entries.find(keys ? key : entries.key(slot))
        const state = stateOf(entries, slot, shared)
        const mapped = timed ? fn(time, key, values[i], state) : fn(key, values[i], state)
        if (!timed || (mapped !== undefined && mapped !== null)) output[results++] = mapped
        if (state.isRemoved()) {
          removed++
          if (slot >= 0) changes.remove(slot)
        }
        // Without a timeout, only an update refreshes a key's time; with one, any record of an existing key does. An
        // object may have been changed without an update, so the next snapshot must contain it.
        else if (state.isUpdated() || (slot >= 0 && (timeout !== undefined || isObject(entries.values[slot])))) {
          if (slot >= 0) changes.change(slot, state.get(), now)
          else changes.add(keys ? key : entries.key(slots[i]!), state.get(), now)
        }
      }
    }
    output.length = results
    if (scan && timeout !== undefined)
      timeOut(entries, changes, time, timeout, (key, state) => {
        const mapped = timed ? fn(time, key, undefined, state) : fn(key, undefined, state)
        if (!timed || (mapped !== undefined && mapped !== null)) output.push(mapped)
      })
    return output
  }
}

/** Returns the slots of the keys, and the keys unless they need not be decoded: no function reads them, and no table adds them. */
function lookedUp(pairs: Pairs, entries: StateTable, ignoresKey: boolean) {
  const slots = pairs.slotsIn(entries)
  return { slots, keys: ignoresKey && !slots.includes(ABSENT) ? undefined : pairs.keys }
}

/** Returns the state of a slot; `shared`, unless undefined, becomes that state. */
function stateOf({ values }: StateTable, slot: number, shared: KeyState<unknown> | undefined): KeyState<unknown> {
  if (shared) return KeyState.again(shared, slot >= 0, slot >= 0 ? values[slot] : undefined)
  return slot >= 0 ? KeyState.of(values[slot]) : KeyState.none()
}

type Emit = (key: unknown, state: KeyState<unknown>) => void

function setInitial(initial: Pairs, entries: StateTable, changes: Changes, now: number): void {
  for (const [key, value] of initial) {
    const slot = entries.find(key)
    if (slot >= 0) changes.change(slot, value, now)
    else changes.add(key, value, now)
  }
}

/** Calls the function for each key that has been idle for `timeout` ms at least, and removes it. */
function timeOut(entries: StateTable, changes: Changes, time: number, timeout: number, emit: Emit): void {
  for (const slot of entries.alive()) {
    const touched = entries.time(slot)
    if (touched >= time - timeout) continue
    if (touched === 0) {
      // The function had no timeout before a restart, so the time is unknown, and idleness counts from here.
      changes.change(slot, entries.values[slot], time)
      continue
    }
    emit(copyOf(entries.key(slot)), KeyState.timingOut(entries.values[slot]))
    changes.remove(slot)
  }
}

/**
 * Prefetches values. Values among a million are cache misses, which the processor overlaps in a separate pass. The
 * copies are not used, because a function may change a value that occurs again.
 */
function bringNear(values: readonly unknown[], slots: Int32Array, start: number, count: number, near: unknown[]): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[start + i]!
    if (slot >= 0) near[i] = values[slot]
  }
}
