import { KeyState } from '../../../ops/dstream/key-state.js'
import type { StateOperator } from '../../../ops/plan.js'
import { copyOf, isObject } from '../../../values/own-copy.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion } from './operators.js'

/** Records whose values are brought near before the function runs for each. */
const TOGETHER = 256

/**
 * mapWithState: the function runs once a record, and once for each key found idle. The cost follows the records, except
 * in batches that look for idle keys. Groups: the batch's pairs, and in the first batch the pairs of the initial state.
 */
export function makeMapOperator(operator: StateOperator & { kind: 'map' }, { resolve }: ThreadServices): MakeVersion {
  const fn = resolve(operator.fn)
  const { timed, timeout } = operator
  return ({ entries }, changes, { time, groups: [pairs, initial], scan }) => {
    // Nobody asks for times without a timeout, and not to write them saves a cache miss a record.
    const now = timeout === undefined ? 0 : time
    const output: unknown[] = []
    const emit = (key: unknown, value: unknown, state: KeyState<unknown>) => {
      const mapped = timed ? fn(time, key, value, state) : fn(key, value, state)
      if (!timed || (mapped !== undefined && mapped !== null)) output.push(mapped)
    }
    for (const [key, value] of initial ?? []) {
      const slot = entries.find(key)
      if (slot >= 0) changes.change(slot, value, now)
      else changes.add(key, value, now)
    }
    const slots = pairs!.slotsIn(entries)
    const { keys, values } = pairs!
    const near = new Array<unknown>(TOGETHER)
    let removed = 0
    for (let start = 0; start < slots.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, slots.length - start)
      bringNear(entries.values, slots, start, count, near)
      for (let i = 0; i < count; i++) {
        const key = keys[start + i]
        let slot = slots[start + i]!
        // Records before it may have added the key, or removed it.
        if (slot < 0 || (removed > 0 && !entries.isAlive(slot))) slot = entries.find(key)
        const state = slot >= 0 ? KeyState.of(entries.values[slot]) : KeyState.none()
        emit(key, values[start + i], state)
        if (state.isRemoved()) {
          removed++
          if (slot >= 0) changes.remove(slot)
        }
        // Without a timeout only an update refreshes a key's time; with one, any record of a key that exists does. An
        // object may have been changed without an update: the next snapshot must have it.
        else if (state.isUpdated() || (slot >= 0 && (timeout !== undefined || isObject(entries.values[slot])))) {
          if (slot >= 0) changes.change(slot, state.get(), now)
          else changes.add(key, state.get(), now)
        }
      }
    }
    if (!scan || timeout === undefined) return output
    for (const slot of entries.alive()) {
      const touched = entries.time(slot)
      if (touched >= time - timeout) continue
      if (touched === 0) {
        // Kept by a process whose function had no timeout: no time is known, so idleness counts from here.
        changes.change(slot, entries.values[slot], time)
        continue
      }
      emit(copyOf(entries.keys[slot]), undefined, KeyState.timingOut(entries.values[slot]))
      changes.remove(slot)
    }
    return output
  }
}

/**
 * Values among a million are cache misses: in a pass of its own the processor waits for many at once. The copies are not
 * used, as a function may change a value that comes again.
 */
function bringNear(values: readonly unknown[], slots: Int32Array, start: number, count: number, near: unknown[]): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[start + i]!
    if (slot >= 0) near[i] = values[slot]
  }
}
