import { KeyedMap } from '../../../ops/keys.js'
import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion } from './operators.js'

type Entry = [key: unknown, values: unknown[], state: unknown]

/**
 * updateStateByKey: the function sees every live key in every batch, with the values that came. The cost follows the keys
 * that exist. Groups: the batch's pairs, and in the first batch the pairs of the initial state.
 */
export function makeUpdateOperator(
  operator: StateOperator & { kind: 'update' },
  { resolve }: ThreadServices,
): MakeVersion {
  const fn = resolve(operator.fn)
  return ({ entries }, changes, { time, groups: [pairs, initial] }) => {
    for (const [key, value] of initial ?? []) changes.set(key, value)
    const arrived = new KeyedMap<unknown[]>()
    for (const [key, value] of pairs!) {
      const values = arrived.get(key)
      if (values) values.push(value)
      else arrived.set(key, [value])
    }
    const all = function* (): Iterable<Entry> {
      for (const [key, state] of entries.entries()) yield [key, arrived.get(key) ?? [], state]
      for (const [key, values] of arrived.entries()) if (!entries.has(key)) yield [key, values, undefined]
    }
    // Collected first: the entries are walked over while the function answers.
    const next: [unknown, unknown][] = []
    if (operator.form === 'iterator') for (const pair of fn(all()) as Iterable<[unknown, unknown]>) next.push(pair)
    else {
      const timed = operator.form === 'time'
      for (const [key, values, state] of all()) {
        const value = timed ? fn(time, key, values, state) : fn(values, state)
        if (value !== undefined && value !== null) next.push([key, value])
      }
    }
    if (operator.form === 'iterator' || next.length < entries.size + arrived.size) {
      const living = new KeyedMap<true>()
      for (const [key] of next) living.set(key, true)
      for (const [key] of [...entries.entries()]) if (!living.has(key)) changes.delete(key)
    }
    for (const [key, value] of next) changes.set(key, value)
    return []
  }
}
