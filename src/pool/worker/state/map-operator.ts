import { KeyState } from '../../../ops/dstream/key-state.js'
import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion } from './operators.js'

/**
 * mapWithState: the function runs once a record, and once for each key found idle. The cost follows the records, except
 * in batches that look for idle keys. Groups: the batch's pairs, and in the first batch the pairs of the initial state.
 */
export function makeMapOperator(operator: StateOperator & { kind: 'map' }, { resolve }: ThreadServices): MakeVersion {
  const fn = resolve(operator.fn)
  const { timed, timeout } = operator
  return ({ entries }, changes, { time, groups: [pairs, initial], scan }) => {
    const output: unknown[] = []
    const emit = (key: unknown, value: unknown, state: KeyState<unknown>) => {
      const mapped = timed ? fn(time, key, value, state) : fn(key, value, state)
      if (!timed || (mapped !== undefined && mapped !== null)) output.push(mapped)
    }
    for (const [key, value] of initial ?? []) {
      const slot = entries.find(key)
      if (slot >= 0) changes.change(slot, value, time)
      else changes.add(key, value, time)
    }
    const { keys, values } = pairs!
    const slots = entries.findAll(keys)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      let slot = slots[i]!
      // Records before it may have added the key, or removed it.
      if (slot < 0 || !entries.isAlive(slot)) slot = entries.find(key)
      const state = slot >= 0 ? KeyState.of(entries.values[slot]) : KeyState.none()
      emit(key, values[i], state)
      if (state.isRemoved()) {
        if (slot >= 0) changes.remove(slot)
      }
      // Without a timeout only an update refreshes a key's time; with one, any record of a key that exists does.
      else if (state.isUpdated() || (slot >= 0 && timeout !== undefined)) {
        if (slot >= 0) changes.change(slot, state.get(), time)
        else changes.add(key, state.get(), time)
      }
    }
    if (!scan || timeout === undefined) return output
    for (const slot of entries.alive()) {
      if (entries.time(slot) >= time - timeout) continue
      emit(entries.keys[slot], undefined, KeyState.timingOut(entries.values[slot]))
      changes.remove(slot)
    }
    return output
  }
}
