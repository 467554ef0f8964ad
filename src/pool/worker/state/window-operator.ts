import { KeyedMap } from '../../../ops/keys.js'
import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion, Pairs } from './operators.js'

type Binary = (a: unknown, b: unknown) => unknown

/**
 * A window's totals: value = inverse(previous, reduced old), then reduced with the new. Without a previous value old ones
 * are not subtracted. The cost follows the keys that enter and leave.
 */
export function makeWindowOperator(
  operator: StateOperator & { kind: 'window' },
  { resolve }: ThreadServices,
): MakeVersion {
  const reduce = resolve(operator.reduce) as Binary
  const inverse = resolve(operator.inverse) as Binary
  const filter = operator.filter && resolve(operator.filter)
  return ({ entries }, changes, { groups: [entering, leaving] }) => {
    for (const [key, old] of reduced(leaving!, reduce))
      if (entries.has(key)) changes.set(key, inverse(entries.get(key), old))
    for (const [key, fresh] of reduced(entering!, reduce))
      changes.set(key, entries.has(key) ? reduce(entries.get(key), fresh) : fresh)
    if (filter) {
      for (const key of [...changes.keys]) if (entries.has(key) && !filter([key, entries.get(key)])) changes.delete(key)
    }
    return []
  }
}

/** One pair a key: a group may hold several batches. */
function reduced(pairs: Pairs, reduce: Binary): Iterable<[unknown, unknown]> {
  const totals = new KeyedMap<unknown>()
  for (const [key, value] of pairs) totals.set(key, totals.has(key) ? reduce(totals.get(key), value) : value)
  return totals.entries()
}
