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
      const cell = entries.cell(key)
      if (cell) changes.change(cell, value, time)
      else changes.add(key, value, time)
    }
    for (const [key, value] of pairs!) {
      const cell = entries.cell(key)
      const state = cell ? KeyState.of(cell.value) : KeyState.none()
      emit(key, value, state)
      if (state.isRemoved()) {
        if (cell) changes.remove(cell)
      }
      // Without a timeout only an update refreshes a key's time; with one, any record of a key that exists does.
      else if (state.isUpdated() || (cell && timeout !== undefined)) {
        if (cell) changes.change(cell, state.get(), time)
        else changes.add(key, state.get(), time)
      }
    }
    if (!scan || timeout === undefined) return output
    const idle = [...entries.cells()].filter((cell) => cell.time < time - timeout)
    for (const cell of idle) {
      emit(cell.key, undefined, KeyState.timingOut(cell.value))
      changes.remove(cell)
    }
    return output
  }
}
