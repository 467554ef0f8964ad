import { type Expression, RECORD } from '../../../ops/functions/expression.js'
import { textIntrinsicsIntact } from '../../../ops/functions/intrinsics.js'
import type { Aggregator, Plan } from '../../../ops/plan.js'
import { after } from '../../kernels/meaning-of.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { type CombineAt, type CombineTable, makeCombineAt } from '../tables/combine-table.js'
import { NONE } from '../tables/partners.js'
import { JoinedRecords } from './joined-records.js'

type Combining = (task: Task, table: CombineTable) => void

/** The value of a joined record that a pair takes: one of its two values, or a constant. */
type Taken = { readonly from: 'mine' | 'theirs' } | { readonly value: unknown }

/**
 * Compiles a combine by a value of the right side of a join, such as a sum of orders by region of their user. A row of the right
 * side has one key, so its place in the table is looked up once, and the records are not built. Returns undefined for
 * other plans. `general` combines any records; it runs where the functions themselves must.
 */
export function compileJoinedCombine(
  plan: Plan,
  { create, mergeValue }: Aggregator,
  general: Combining,
  compiler: PlanCompiler,
): Combining | undefined {
  if (plan.op !== 'chain' || plan.of.op !== 'join') return undefined
  const taken = takenBy(plan)
  if (!taken) return undefined
  const joined = compiler.forLoop(plan.of)
  const { resolve, codegen } = compiler.services
  const combine = makeCombineAt(
    create && resolve(create),
    resolve(mergeValue) as (a: unknown, b: unknown) => unknown,
    codegen,
  )
  return (task, table) => {
    if (task.meter.sample || !textIntrinsicsIntact()) return general(task, table)
    let places = new Int32Array(0)
    joined(task, (records) => {
      if (!(records instanceof JoinedRecords)) return addAlone(records as readonly unknown[], taken, table, combine)
      const rows = records.columns.theirs.length
      if (places.length !== rows) places = new Int32Array(rows).fill(NONE)
      addJoined(records, taken, places, table, combine, task)
    })
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

function addJoined(
  records: JoinedRecords,
  taken: Taken,
  places: Int32Array,
  table: CombineTable,
  combine: CombineAt,
  { meter }: Task,
): void {
  const { mine, theirs, lefts, rights } = records.columns
  const from = 'from' in taken ? taken.from : undefined
  const constant = 'value' in taken ? taken.value : undefined
  let i = 0
  try {
    for (; i < lefts.length; i++) {
      meter.status[PROGRESS]!++
      const right = rights[i]!
      const partner = right === NONE ? undefined : theirs[right]
      let place = right === NONE ? NONE : places[right]!
      if (place === NONE) {
        place = table.place(partner)
        if (right !== NONE) places[right] = place
      }
      combine(table, place, from === 'mine' ? mine[lefts[i]!] : from === 'theirs' ? partner : constant)
    }
  } catch (error) {
    meter.failedOn ??= { record: records.at(i) }
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
