import type { StateOperator } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { ThreadServices } from '../runtime/task.js'
import type { MakeVersion } from './make-version.js'

type Binary = (a: unknown, b: unknown) => unknown

/**
 * A window's totals: value = reduce(inverse(previous, leaving), entering). Without a previous value, nothing is
 * subtracted. The cost depends on the keys that enter and leave.
 */
export function makeWindowOperator(
  operator: StateOperator & { kind: 'window' },
  { resolve }: ThreadServices,
): MakeVersion {
  const reduce = resolve(operator.reduce) as Binary
  const inverse = resolve(operator.inverse) as Binary
  const filter = operator.filter && resolve(operator.filter)
  return ({ entries }, changes, { groups: [entering, leaving] }) => {
    // Decode both before a function runs, because their blocks may be freed.
    const keys = [leaving!.keys, entering!.keys] as const
    for (const [key, old] of reduced(keys[0], leaving!.values, reduce)) {
      const slot = entries.find(key)
      if (slot >= 0) changes.change(slot, inverse(entries.values[slot], old))
    }
    for (const [key, fresh] of reduced(keys[1], entering!.values, reduce)) {
      const slot = entries.find(key)
      if (slot >= 0) changes.change(slot, reduce(entries.values[slot], fresh))
      else changes.add(key, fresh)
    }
    if (filter) {
      for (const slot of changes.slots.slice())
        if (entries.isAlive(slot) && !filter([entries.key(slot), entries.values[slot]])) changes.remove(slot)
    }
    return []
  }
}

/** Reduces to one pair per key: a group may hold several batches. */
function reduced(keys: readonly unknown[], values: ArrayLike<unknown>, reduce: Binary): Iterable<[unknown, unknown]> {
  const totals = new KeyedMap<unknown>()
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]
    totals.set(key, totals.has(key) ? reduce(totals.get(key), values[i]) : values[i])
  }
  return totals.entries()
}
