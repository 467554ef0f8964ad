import { intrinsicsIntact, textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import { keepsArguments } from '../../../ops/functions/meaning/keeps-arguments.js'
import type { StateOperator } from '../../../ops/plan.js'
import { copyOf } from '../../../values/copy.js'
import type { ThreadServices } from '../runtime/task.js'
import { Arrivals } from './arrivals.js'
import type { MakeVersion } from './make-version.js'
import type { StateTable } from './table.js'

/**
 * updateStateByKey: the function receives every present key in every batch, with its new values. The cost depends on
 * the number of keys. A state that it returns unchanged is neither checked nor written again, if its text proves that it
 * changes no part of its arguments. Groups: the batch's pairs and, in the first batch, the pairs of the initial state.
 */
export function makeUpdateOperator(
  operator: StateOperator & { kind: 'update' },
  { resolve }: ThreadServices,
): MakeVersion {
  const fn = resolve(operator.fn)
  const timed = operator.form === 'time'
  const proven = keepsArguments(operator.fn) && intrinsicsIntact()
  return ({ entries }, changes, { time, groups: [pairs, initial] }) => {
    for (const [key, value] of initial ?? []) changes.set(key, value)
    const arrived = new Arrivals(entries, pairs!)
    if (operator.form === 'iterator') {
      // Keys that the function omits are removed after its iterator has ended, because it reads the entries.
      const next = [...(fn(all(entries, arrived)) as Iterable<[unknown, unknown]>)]
      const living = new Set<number>()
      for (const [key, value] of next) {
        const slot = entries.find(key)
        if (slot >= 0) changes.change(slot, value)
        living.add(slot >= 0 ? slot : changes.add(key, value))
      }
      if (living.size < entries.size) for (const slot of entries.alive()) if (!living.has(slot)) changes.remove(slot)
      return []
    }
    const { values } = entries
    const keeps = proven && textIntrinsicsIntact()
    for (let slot = 0, end = entries.slots; slot < end; slot++) {
      if (!entries.isAlive(slot)) continue
      const came = arrived.take(slot)
      const before = values[slot]
      const value = timed ? fn(time, copyOf(entries.key(slot)), came, before) : fn(came, before)
      if (keeps && Object.is(value, before)) continue
      if (value === undefined || value === null) changes.remove(slot)
      else changes.change(slot, value)
    }
    arrived.close()
    for (const [key, came] of arrived.fresh.entries()) {
      const value = timed ? fn(time, key, came, undefined) : fn(came, undefined)
      if (value !== undefined && value !== null) changes.add(key, value)
    }
    return []
  }
}

function* all(entries: StateTable, arrived: Arrivals): Iterable<[key: unknown, came: unknown[], state: unknown]> {
  for (const slot of entries.alive()) yield [copyOf(entries.key(slot)), arrived.take(slot), entries.values[slot]]
  for (const [key, came] of arrived.fresh.entries()) yield [key, came, undefined]
}
