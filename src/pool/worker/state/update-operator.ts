import { KeyedMap } from '../../../ops/keys.js'
import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { MakeVersion, Pairs } from './operators.js'
import type { Cell, StateTable } from './table.js'

/** The values that came: for keys that are there in their cells, for others aside. */
interface Arrived {
  readonly cells: readonly Cell[]
  readonly fresh: KeyedMap<unknown[]>
}

/**
 * updateStateByKey: the function sees every live key in every batch, with the values that came. The cost follows the keys
 * that exist. Groups: the batch's pairs, and in the first batch the pairs of the initial state.
 */
export function makeUpdateOperator(
  operator: StateOperator & { kind: 'update' },
  { resolve }: ThreadServices,
): MakeVersion {
  const fn = resolve(operator.fn)
  const timed = operator.form === 'time'
  return ({ entries }, changes, { time, groups: [pairs, initial] }) => {
    for (const [key, value] of initial ?? []) changes.set(key, value)
    const arrived = arrive(entries, pairs!)
    try {
      if (operator.form === 'iterator') {
        // What the function leaves out ends. Collected first: the entries are walked over while it answers.
        const next = [...(fn(all(entries, arrived)) as Iterable<[unknown, unknown]>)]
        const living = new Set<Cell>()
        for (const [key, value] of next) {
          const cell = entries.cell(key)
          if (cell) changes.change(cell, value)
          living.add(cell ?? changes.add(key, value))
        }
        for (const cell of living.size < entries.size ? [...entries.cells()] : [])
          if (!living.has(cell)) changes.remove(cell)
        return []
      }
      const ended: Cell[] = []
      for (const cell of entries.cells()) {
        const values = cell.arrived ?? []
        const value = timed ? fn(time, cell.key, values, cell.value) : fn(values, cell.value)
        if (value === undefined || value === null) ended.push(cell)
        else changes.change(cell, value)
      }
      for (const cell of ended) changes.remove(cell)
      for (const [key, values] of arrived.fresh.entries()) {
        const value = timed ? fn(time, key, values, undefined) : fn(values, undefined)
        if (value !== undefined && value !== null) changes.add(key, value)
      }
      return []
    } finally {
      for (const cell of arrived.cells) cell.arrived = undefined
    }
  }
}

function arrive(entries: StateTable, pairs: Pairs): Arrived {
  const cells: Cell[] = []
  const fresh = new KeyedMap<unknown[]>()
  for (const [key, value] of pairs) {
    const cell = entries.cell(key)
    const values = cell ? cell.arrived : fresh.get(key)
    if (values) values.push(value)
    else if (cell) {
      cell.arrived = [value]
      cells.push(cell)
    } else fresh.set(key, [value])
  }
  return { cells, fresh }
}

function* all(entries: StateTable, { fresh }: Arrived): Iterable<[key: unknown, values: unknown[], state: unknown]> {
  for (const { key, arrived, value } of entries.cells()) yield [key, arrived ?? [], value]
  for (const [key, values] of fresh.entries()) yield [key, values, undefined]
}
