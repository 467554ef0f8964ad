import { KeyState } from '../../../ops/dstream/key-state.js'
import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion } from './operators.js'

/** A key's value, and the time of the batch that last touched it. */
type Stamped = readonly [value: unknown, time: number]

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
    for (const [key, value] of initial ?? []) changes.set(key, [value, time] satisfies Stamped)
    for (const [key, value] of pairs!) {
      const stamped = entries.get(key) as Stamped | undefined
      const state = stamped ? KeyState.of(stamped[0]) : KeyState.none()
      emit(key, value, state)
      if (state.isRemoved()) changes.delete(key)
      // Without a timeout only an update refreshes a key's time; with one, any record of a key that exists does.
      else if (state.isUpdated() || (state.exists() && timeout !== undefined))
        changes.set(key, [state.get(), time] satisfies Stamped)
    }
    if (!scan || timeout === undefined) return output
    const idle = [...entries.entries()].filter(([, stamped]) => (stamped as Stamped)[1] < time - timeout)
    for (const [key, stamped] of idle) {
      emit(key, undefined, KeyState.timingOut((stamped as Stamped)[0]))
      changes.delete(key)
    }
    return output
  }
}
