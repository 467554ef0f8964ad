import { type Expression, RECORD } from '../../../ops/functions/meaning/expression.js'
import { textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import type { Aggregator, Plan } from '../../../ops/plan.js'
import type { Numbers } from '../../blocks/key-column.js'
import { after } from '../../kernels/meaning-of.js'
import { mergeOf } from '../../kernels/merge-of.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { type CombineAt, type CombineTable, makeCombineAt } from '../tables/combine-table.js'
import { NONE } from '../tables/partner-index.js'
import type { Met } from './met.js'
import { PartnerPlaces, PlacedSums } from './placed-sums.js'

type Combining = (task: Task, table: CombineTable) => void

/** The value of a joined record that a pair takes: one of its two values, or a constant. */
type Taken = { readonly from: 'mine' | 'theirs' } | { readonly value: unknown }

/**
 * Compiles a combine by a value of the right side of a join, such as a sum of orders by region of their user. The place of each
 * value of the right side in the table is looked up once, and the records are not built. Sums of numbers are added in a column. Returns
 * undefined for other plans. `general` combines any records; it runs where the functions themselves must.
 */
export function compileJoinedCombine(
  plan: Plan,
  { create, mergeValue }: Aggregator,
  general: Combining,
  compiler: PlanCompiler,
): Combining | undefined {
  if (plan.op !== 'chain' || plan.of.op !== 'join' || !plan.of.keepMet) return undefined
  const taken = takenBy(plan)
  if (!taken) return undefined
  const { keepLeft } = plan.of
  const source = compiler.met(plan.of)
  const { resolve, codegen } = compiler.services
  const combine = makeCombineAt(
    create && resolve(create),
    resolve(mergeValue) as (a: unknown, b: unknown) => unknown,
    codegen,
  )
  const isSum = !create && mergeOf(mergeValue) === 'sum'
  return (task, table) => {
    if (task.meter.sample || !textIntrinsicsIntact()) return general(task, table)
    let places: PartnerPlaces | undefined
    let sums = isSum ? new PlacedSums() : undefined
    source(
      task,
      (met) => {
        places ??= new PartnerPlaces(met.partners, table)
        const numbers = numbersOf(taken, met)
        if (sums && numbers !== undefined) return sums.add(met, keepLeft, numbers, places, task)
        sums?.moveTo(table)
        sums = undefined
        addMet(met, keepLeft, taken, places, { table, combine }, task)
      },
      (alone) => {
        sums?.moveTo(table)
        sums = undefined
        addAlone(alone, taken, table, combine)
      },
    )
    sums?.moveTo(table)
  }
}

/** Returns the value that the pairs take, if their key is the right side's value. */
function takenBy({ steps }: Plan & { op: 'chain' }): Taken | undefined {
  let made: Expression | undefined = RECORD
  for (const step of steps) {
    if (step.op !== 'map' || step.rejects !== undefined || step.outcomes) return undefined
    made = made && after(made, step)
  }
  if (made?.is !== 'pair' || sideOf(made.of[0]) !== 'theirs') return undefined
  const value = made.of[1]
  if (value.is === 'value') return { value: value.value }
  const from = sideOf(value)
  return from && { from }
}

function sideOf(made: Expression): 'mine' | 'theirs' | undefined {
  if (made.is !== 'item' || made.index > 1) return undefined
  const { of } = made
  if (of.is !== 'item' || of.index !== 1 || of.of.is !== 'record') return undefined
  return made.index === 0 ? 'mine' : 'theirs'
}

/** Returns the numbers that a part of the left side adds, by row, or the one that each record adds. */
function numbersOf(taken: Taken, { part }: Met): Numbers | number | undefined {
  if ('value' in taken) return typeof taken.value === 'number' ? taken.value : undefined
  return taken.from === 'mine' ? part.numbers : undefined
}

function addMet(
  { part, rows, partners: { values: theirs, index } }: Met,
  keepLeft: boolean,
  taken: Taken,
  places: PartnerPlaces,
  { table, combine }: { readonly table: CombineTable; readonly combine: CombineAt },
  { meter }: Task,
): void {
  const { values: mine, count } = part
  const { next } = index
  const from = 'from' in taken ? taken.from : undefined
  const constant = 'value' in taken ? taken.value : undefined
  let left = 0
  let right = NONE
  try {
    for (; left < count; left++) {
      right = rows[left]!
      if (right === NONE && !keepLeft) continue
      do {
        meter.status[PROGRESS]!++
        const value =
          from === 'mine' ? mine[left] : from === undefined ? constant : right === NONE ? undefined : theirs[right]
        combine(table, places.of(right), value)
        right = right === NONE ? NONE : next[right]!
      } while (right !== NONE)
    }
  } catch (error) {
    const partner = right === NONE ? undefined : theirs[right]
    meter.failedOn ??= { record: [part.keys.all()[left], [mine[left], partner]] }
    throw error
  }
}

/** Adds records of the right side alone, `[key, [undefined, theirs]]`. */
function addAlone(records: readonly unknown[], taken: Taken, table: CombineTable, combine: CombineAt): void {
  for (const record of records as readonly (readonly [unknown, readonly [undefined, unknown]])[]) {
    const [, [, theirs]] = record
    combine(table, table.place(theirs), 'value' in taken ? taken.value : taken.from === 'mine' ? undefined : theirs)
  }
}
