import { asPair } from '../../ops/pair.js'
import type { Plan } from '../../ops/plan.js'
import { decodePairs } from '../blocks/records-codec.js'
import { readPart } from '../blocks/shuffle-block.js'
import { PROGRESS } from '../vitals.js'
import { CombineTable, makeCombine } from './combine-table.js'
import { readInput } from './inputs.js'
import type { PlanCompiler, Source } from './plans.js'
import { labelled, type Task, type ThreadServices } from './task.js'

/** Takes pairs as two columns of one length. */
export type EachPairs = (keys: readonly unknown[], values: readonly unknown[]) => void
/** Gives the records of a plan, all of which are pairs, without making them where they come in columns. */
export type PairSource = (task: Task, each: EachPairs) => void

type Merge = Plan & { op: 'merge' }

/** The records that a shuffle brings, or one pair a key where it combines. */
export function compileMerge(plan: Merge, compiler: PlanCompiler): Source {
  const { slot, aggregator } = plan
  const { segments } = compiler.services
  if (!aggregator) return (task, each) => readInput(task.inputs[slot]!, segments, each)
  const merged = compileMerged(plan, aggregator, compiler)
  return (task, each) => {
    const { keys, values } = merged(task).take()
    each(keys.map((key, i) => [key, values[i]]))
  }
}

/** As `source`, for the pairs that operators by key take. */
export function compilePairs(plan: Plan, compiler: PlanCompiler): PairSource {
  if (plan.op !== 'merge') {
    const source = compiler.source(plan)
    return (task, each) => source(task, (records) => splitPairs(records, task, each))
  }
  const { slot, aggregator } = plan
  const { segments } = compiler.services
  if (!aggregator) return (task, each) => readPairs(task, slot, segments, each)
  const merged = compileMerged(plan, aggregator, compiler)
  return (task, each) => {
    const { keys, values } = merged(task).take()
    each(keys, values)
  }
}

/** What was combined on the map side is merged; what was not is combined here. */
function compileMerged(
  { slot }: Merge,
  aggregator: NonNullable<Merge['aggregator']>,
  compiler: PlanCompiler,
): (task: Task) => CombineTable {
  const { segments, resolve, codegen } = compiler.services
  const combine = aggregator.mapSide
    ? makeCombine(undefined, resolve(aggregator.mergeCombiners), codegen)
    : compiler.combiner(aggregator)
  const table = new CombineTable()
  return (task) => {
    table.begin()
    labelled(task, aggregator.label, () =>
      readPairs(task, slot, segments, (keys, values) => {
        for (let i = 0; i < keys.length; i++) {
          task.meter.vitals[PROGRESS]!++
          combine(table, keys[i], values[i])
        }
      }),
    )
    return table
  }
}

/** The pairs of each map output, in order. */
function readPairs(task: Task, slot: number, segments: ThreadServices['segments'], each: EachPairs): void {
  const input = task.inputs[slot]!
  if (input.in !== 'shuffle') throw new TypeError(`Pairs are merged from map outputs, not ${input.in}.`)
  for (const output of input.outputs) {
    const { keys, values } = segments.read(output, (payload) => decodePairs(readPart(payload, input.partition).bytes))
    if (keys.length > 0) each(keys, values)
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
