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
    for (const [key, old] of reduced(leaving!, reduce)) {
      const cell = entries.cell(key)
      if (cell) changes.change(cell, inverse(cell.value, old))
    }
    for (const [key, fresh] of reduced(entering!, reduce)) {
      const cell = entries.cell(key)
      if (cell) changes.change(cell, reduce(cell.value, fresh))
      else changes.add(key, fresh)
    }
    if (filter) {
      for (const cell of changes.cells.slice()) if (cell.alive && !filter([cell.key, cell.value])) changes.remove(cell)
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
