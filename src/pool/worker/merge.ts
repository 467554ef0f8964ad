import { asPair } from '../../ops/pair.js'
import type { Plan } from '../../ops/plan.js'
import { KeyColumn } from '../blocks/key-column.js'
import { decodePairColumns, decodePairs, type PairColumns } from '../blocks/records-codec.js'
import { readPart } from '../blocks/shuffle-block.js'
import { PROGRESS } from '../vitals.js'
import { compileCombining } from './byte-reduce.js'
import { CombineTable, makeCombine } from './combine-table.js'
import { readInput } from './inputs.js'
import type { PlanCompiler, Source } from './plans.js'
import { labelled, type Task, type ThreadServices } from './task.js'

/** Takes pairs as two columns of one length. */
export type EachPairs = (keys: readonly unknown[], values: readonly unknown[]) => void
/** Gives the records of a plan, all of which are pairs, without making them where they come in columns. */
export type PairSource = (task: Task, each: EachPairs) => void

/** As PairSource, a part at a time. */
export type ColumnSource = (task: Task, each: (part: PairColumns) => void) => void

type Merge = Plan & { op: 'merge' }
type Combined = Plan & { op: 'combine' }

/** The records that a shuffle brings, or one pair a key where it combines. */
export function compileMerge(plan: Merge, compiler: PlanCompiler): Source {
  const { segments } = compiler.services
  if (!plan.aggregator) return (task, each) => readInput(task.inputs[plan.slot]!, segments, each)
  return pairing(compilePairs(plan, compiler))
}

/** One pair a key of a partition whose equal keys are together already. */
export function compileCombine(plan: Combined, compiler: PlanCompiler): Source {
  return pairing(compilePairs(plan, compiler))
}

/** As `source`, for the pairs that operators by key take. */
export function compilePairs(plan: Plan, compiler: PlanCompiler): PairSource {
  if (plan.op === 'combine') return tabled(plan.aggregator.label, compileCombining(plan.of, plan.aggregator, compiler))
  if (plan.op === 'merge') {
    const { slot, aggregator } = plan
    const { segments } = compiler.services
    if (!aggregator) return (task, each) => readPairs(task, slot, segments, each)
    return tabled(aggregator.label, compileMerging(plan, aggregator, compiler))
  }
  const source = compiler.source(plan)
  return (task, each) => source(task, (records) => splitPairs(records, task, each))
}

/**
 * As `compilePairs`, with keys that are made when they are asked for, as far as possible. To be asked for before a function
 * of the user's is called: the task's blocks may be gone when that returns.
 */
export function compileColumns(plan: Plan, compiler: PlanCompiler): ColumnSource {
  if (plan.op === 'merge' && !plan.aggregator) {
    const { segments } = compiler.services
    return (task, each) => readParts(task, plan.slot, segments, decodePairColumns, each)
  }
  const source = compilePairs(plan, compiler)
  return (task, each) => source(task, (keys, values) => each({ keys: KeyColumn.of(keys), values }))
}

function pairing(source: PairSource): Source {
  return (task, each) => source(task, (keys, values) => each(keys.map((key, i) => [key, values[i]])))
}

/** What `fill` puts into a table, which one task after the other uses. */
function tabled(label: string, fill: (task: Task, table: CombineTable) => void): PairSource {
  const table = new CombineTable()
  return (task, each) => {
    table.begin()
    const { keys, values } = labelled(task, label, () => {
      fill(task, table)
      return table.take()
    })
    each(keys, values)
  }
}

/** What was combined on the map side is merged; what was not is combined here. */
function compileMerging(
  { slot }: Merge,
  aggregator: NonNullable<Merge['aggregator']>,
  compiler: PlanCompiler,
): (task: Task, table: CombineTable) => void {
  const { segments, resolve, codegen } = compiler.services
  const combine = aggregator.mapSide
    ? makeCombine(undefined, resolve(aggregator.mergeCombiners), codegen)
    : compiler.combiner(aggregator)
  return (task, table) =>
    readPairs(task, slot, segments, (keys, values) => {
      for (let i = 0; i < keys.length; i++) {
        task.meter.vitals[PROGRESS]!++
        combine(table, keys[i], values[i])
      }
    })
}

/** The pairs of each map output, in order. */
function readPairs(task: Task, slot: number, segments: ThreadServices['segments'], each: EachPairs): void {
  readParts(task, slot, segments, decodePairs, ({ keys, values }) => each(keys, values))
}

/** What `decode` makes of the pairs of each map output that has some, in order. */
function readParts<P extends { readonly values: readonly unknown[] }>(
  task: Task,
  slot: number,
  segments: ThreadServices['segments'],
  decode: (bytes: Buffer) => P,
  each: (part: P) => void,
): void {
  const input = task.inputs[slot]!
  if (input.in !== 'shuffle') throw new TypeError(`Pairs are merged from map outputs, not ${input.in}.`)
  for (const output of input.outputs) {
    const part = segments.read(output, (payload) => decode(readPart(payload, input.partition).bytes))
    if (part.values.length > 0) each(part)
  }
}

function splitPairs(records: Iterable<unknown>, { meter: { vitals } }: Task, each: EachPairs): void {
  const keys: unknown[] = []
  const values: unknown[] = []
  for (const record of records) {
    const [key, value] = asPair(record)
    // Making the next record may be slow: it may come out of a generator of the user's.
    vitals[PROGRESS]!++
    keys.push(key)
    values.push(value)
  }
  each(keys, values)
}
