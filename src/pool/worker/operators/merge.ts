import { asPair } from '../../../ops/pair.js'
import type { Plan } from '../../../ops/plan.js'
import { PairColumns } from '../../blocks/pair-columns.js'
import { decodePairColumns, decodePairs } from '../../blocks/records-codec.js'
import { readPart } from '../../blocks/shuffle-block.js'
import { PROGRESS } from '../../thread-status.js'
import { readInput } from '../runtime/inputs.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { labelled, type Task, type ThreadServices } from '../runtime/task.js'
import { CombineTable, makeCombine } from '../tables/combine-table.js'
import { compileCombining } from '../text/byte-reduce.js'
import { PairRecords } from './pair-records.js'

/** Takes pairs as two columns of one length. */
export type EachPairs = (keys: readonly unknown[], values: readonly unknown[]) => void
/** Yields the records of a plan, all of which are pairs. Builds no pairs if they come in columns. */
export type PairSource = (task: Task, each: EachPairs) => void

/** Like PairSource, a part at a time. */
export type ColumnSource = (task: Task, each: (part: PairColumns) => void) => void

type Merge = Plan & { op: 'merge' }
type Combined = Plan & { op: 'combine' }

/** Compiles the reduce side of a shuffle: its records, or one pair per key if it combines. */
export function compileMerge(plan: Merge, compiler: PlanCompiler): Source {
  const { segments } = compiler.services
  if (!plan.aggregator) return (task, each) => readInput(task.inputs[plan.input]!, segments, each)
  return pairing(compilePairs(plan, compiler))
}

/** Compiles a combine of a partition whose equal keys are together already: one pair per key. */
export function compileCombine(plan: Combined, compiler: PlanCompiler): Source {
  return pairing(compilePairs(plan, compiler))
}

/** Like `source`, for operators by key. */
export function compilePairs(plan: Plan, compiler: PlanCompiler): PairSource {
  if (plan.op === 'combine') return tabled(plan.aggregator.label, compileCombining(plan.of, plan.aggregator, compiler))
  if (plan.op === 'merge') {
    const { input, aggregator } = plan
    const { segments } = compiler.services
    if (!aggregator) return (task, each) => readPairs(task, input, segments, each)
    return tabled(aggregator.label, measuredMerge(aggregator.label, compileMerging(plan, aggregator, compiler)))
  }
  if (plan.op === 'state') {
    const columns = compileColumns(plan, compiler)
    return (task, each) => columns(task, ({ keys, values }) => each(keys.all(), values))
  }
  const source = compiler.source(plan)
  return (task, each) => source(task, (records) => splitPairs(records, task, each))
}

/**
 * Like `compilePairs`, with keys that are decoded on demand if possible. Read them before calling a user function,
 * because the task's blocks may be freed when it returns.
 */
export function compileColumns(plan: Plan, compiler: PlanCompiler): ColumnSource {
  if (plan.op === 'merge' && !plan.aggregator) {
    const { segments } = compiler.services
    return (task, each) =>
      readParts(task, plan.input, segments, decodePairColumns, (part) => {
        if (part.count > 0) each(part)
      })
  }
  if (plan.op === 'input') {
    return compileInputColumns(plan.input, compiler, (task, records, each) =>
      splitPairs(records, task, (keys, values) => each(PairColumns.of(keys, values))),
    )
  }
  if (plan.op === 'state') {
    const source = compiler.forLoop(plan)
    return (task, each) =>
      source(task, (records) => {
        if (records instanceof PairRecords) each(records.columns)
        else splitPairs(records, task, (keys, values) => each(PairColumns.of(keys, values)))
      })
  }
  const source = compilePairs(plan, compiler)
  return (task, each) => source(task, (keys, values) => each(PairColumns.of(keys, values)))
}

/** Reads persisted pairs in columns. `others` takes records in another form, which may be no pairs. */
export function compileInputColumns(
  input: number,
  { services: { segments } }: PlanCompiler,
  others: (task: Task, records: readonly unknown[], each: (part: PairColumns) => void) => void,
): ColumnSource {
  return (task, each) => {
    const count = (records: number) => {
      task.read[input]! += records
    }
    const records = (all: readonly unknown[]) => {
      count(all.length)
      others(task, all, each)
    }
    task.sums[input] = readInput(task.inputs[input]!, segments, records, undefined, (part) => {
      count(part.count)
      each(part)
    })
  }
}

function pairing(source: PairSource): Source {
  return (task, each) => source(task, (keys, values) => each(keys.map((key, i) => [key, values[i]])))
}

/** Yields the pairs that `fill` puts into a table. Successive tasks share the table. */
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

/** Measures the merge in a task whose operations are sampled. */
function measuredMerge(label: string, fill: (task: Task, table: CombineTable) => number): typeof fill {
  return (task, table) => {
    const began = performance.now()
    const recordsIn = fill(task, table)
    const { sample } = task.meter
    sample?.add({ label, recordsIn, recordsOut: table.values.length, ms: performance.now() - began })
    return recordsIn
  }
}

/** Merges accumulators of the map side, or combines raw values if the map side did not. */
function compileMerging(
  { input }: Merge,
  aggregator: NonNullable<Merge['aggregator']>,
  compiler: PlanCompiler,
): (task: Task, table: CombineTable) => number {
  const { segments, resolve, codegen } = compiler.services
  const combine = aggregator.mapSide
    ? makeCombine(undefined, resolve(aggregator.mergeCombiners), codegen)
    : compiler.combiner(aggregator)
  return (task, table) => {
    let read = 0
    readPairs(task, input, segments, (keys, values) => {
      read += keys.length
      for (let i = 0; i < keys.length; i++) {
        task.meter.status[PROGRESS]!++
        combine(table, keys[i], values[i])
      }
    })
    return read
  }
}

/** Reads the pairs of each map output, in order. */
function readPairs(task: Task, number: number, segments: ThreadServices['segments'], each: EachPairs): void {
  readParts(task, number, segments, decodePairs, ({ keys, values }) => {
    if (keys.length > 0) each(keys, values)
  })
}

/** Decodes the pairs of each map output, in order. */
function readParts<P>(
  task: Task,
  number: number,
  segments: ThreadServices['segments'],
  decode: (bytes: Buffer) => P,
  each: (part: P) => void,
): void {
  const input = task.inputs[number]!
  if (input.in !== 'shuffle') throw new TypeError(`Pairs are merged from map outputs, not ${input.in}.`)
  for (const output of input.outputs)
    each(segments.read(output, (payload) => decode(readPart(payload, input.partition).bytes)))
}

function splitPairs(records: Iterable<unknown>, { meter: { status } }: Task, each: EachPairs): void {
  const keys: unknown[] = []
  const values: unknown[] = []
  for (const record of records) {
    const [key, value] = asPair(record)
    // The next record may be slow, because the user's generator may compute it.
    status[PROGRESS]!++
    keys.push(key)
    values.push(value)
  }
  each(keys, values)
}
