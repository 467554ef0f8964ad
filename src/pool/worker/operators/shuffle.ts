import { intrinsicsIntact, textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import { makesNoSymbols } from '../../../ops/functions/meaning/keeps-arguments.js'
import type { Aggregator, PartitionerSpec, Plan, Sink } from '../../../ops/plan.js'
import { checkedOrder } from '../../../ops/rdd/checked-order.js'
import { hashKey } from '../../../values/keys.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { EachKeyText } from '../../kernels/taken-table.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import { labelled, type Task } from '../runtime/task.js'
import { CombineTable } from '../tables/combine-table.js'
import { compileCombining } from '../text/byte-reduce.js'
import { compileTextPairs } from '../text/text-pairs.js'
import { compileTextRanges } from '../text/text-ranges.js'
import { NO_RECORD } from './meter.js'
import { PairParts } from './pair-parts.js'

/** Writes the map output of a task. */
type MapSide = (task: Task) => undefined
/** Returns the reduce partition of a key or a record; `n` is the record's number in its partition. */
type Place = (value: unknown, task: Task, n: number) => number
type Finish = (task: Task, write: (block: ShuffleBlockWriter) => void) => undefined

/** Records of a piece of a map output, and of each of its parts on average: less would cost more than it saves. */
const PIECE_RECORDS = 8192
const PART_RECORDS = 256

/** Compiles the map side of a shuffle: combines if possible, then writes one part per reduce partition. */
export function compileShuffle(
  { partitioner, aggregator, label }: Sink & { op: 'shuffle' },
  plan: Plan,
  compiler: PlanCompiler,
): MapSide {
  const { services } = compiler
  const { partitions } = partitioner
  const combines = aggregator?.mapSide === true
  const place = named(placing(partitioner, combines, compiler), partitioner, label)
  const finish: Finish = (task, write) => {
    const block = new ShuffleBlockWriter(services.scratch, partitions)
    try {
      write(block)
    } catch (error) {
      // The loop may have passed many records since the one that cannot be written.
      task.meter.failedOn ??= NO_RECORD
      throw error
    }
    task.written.push({ as: 'shuffle', block: services.seal('shuffle', block.count, 'short') })
  }
  if (combines) return combining(plan, aggregator, partitioner, place, finish, compiler)
  if (partitioner.kind === 'hash' || partitioner.kind === 'custom')
    return ofPairs(plan, partitioner, place, finish, compiler)
  const texts = compileTextRanges(plan, partitioner, compiler)
  if (texts)
    return (task) =>
      finish(
        task,
        texts(task, (record) => place(record, task, 0)),
      )
  return ofRecords(plan, partitions, place, finish, compiler)
}

/** Merges the values of a key before they are written. */
function combining(
  plan: Plan,
  aggregator: Aggregator,
  { kind, partitions }: PartitionerSpec,
  place: Place,
  finish: Finish,
  compiler: PlanCompiler,
): MapSide {
  const fill = compileCombining(plan, aggregator, compiler)
  const table = new CombineTable()
  const pairs = new PairParts(partitions)
  const texts: EachKeyText<number | null> | undefined =
    kind === 'hash' ? (memory, at, length, value) => pairs.addHashedText(memory, at, length, value) : undefined
  return (task) => {
    table.begin()
    pairs.begin()
    const combined = labelled(task, aggregator.label, () => {
      fill(task, table, texts)
      return table.take()
    })
    for (let i = 0; i < combined.keys.length; i++)
      pairs.add(place(combined.keys[i], task, 0), combined.keys[i], combined.values[i])
    return finish(task, (block) => pairs.write(block))
  }
}

/** Writes pairs in columns of keys and values. */
function ofPairs(plan: Plan, spec: PartitionerSpec, place: Place, finish: Finish, compiler: PlanCompiler): MapSide {
  const pairs = new PairParts(spec.partitions)
  const runner = compileTextPairs(plan, spec, pairs, compiler) ?? compiler.pairRunner(plan)
  // An error of a user's partitioner names the record, which a loop knows.
  const inColumns = spec.kind === 'hash'
  const input = intrinsicsIntact() ? provenInput(plan) : undefined
  const most = pieceRecords(spec.partitions, compiler)
  return (task) => {
    const symbols = input === undefined || task.inputs[input]!.in === 'pieces' || !textIntrinsicsIntact()
    pairs.begin(symbols)
    const write = () => finish(task, (block) => pairs.write(block))
    let n = 0
    const add = (key: unknown, value: unknown) => {
      pairs.add(place(key, task, 0), key, value)
      if (++n % most === 0) write()
    }
    const addColumns = (part: PairColumns) => {
      task.meter.status[PROGRESS]!++
      pairs.addHashed(part)
      n += part.count
      if (n < most) return
      write()
      n = 0
    }
    runner(task, add, inColumns ? addColumns : undefined)
    return write()
  }
}

/**
 * Returns the input of a plan whose functions make no objects with symbols as names. Decoded records have none either;
 * those of a source's own reader may.
 */
function provenInput(plan: Plan): number | undefined {
  if (plan.op === 'input') return plan.input
  return plan.op === 'chain' && plan.steps.every(({ fn }) => makesNoSymbols(fn)) ? provenInput(plan.of) : undefined
}

/**
 * Returns after how many records a map task writes a block. Records that it holds until its end survive collections, which cost more than
 * all else that the task does. In threads it writes one block, because readers find outputs by the number of their task.
 */
function pieceRecords(partitions: number, { services }: PlanCompiler): number {
  return services.writesPieces ? Math.max(PIECE_RECORDS, PART_RECORDS * partitions) : Number.POSITIVE_INFINITY
}

/** Writes records of any form. */
function ofRecords(plan: Plan, partitions: number, place: Place, finish: Finish, compiler: PlanCompiler): MapSide {
  const runner = compiler.runner(plan)
  const most = pieceRecords(partitions, compiler)
  return (task) => {
    let records = buckets(partitions)
    const write = () => finish(task, (block) => records.forEach((of, p) => block.records(p, of)))
    let n = 0
    runner(task, (record) => {
      records[place(record, task, n)]!.push(record)
      if (++n % most !== 0) return
      write()
      records = buckets(partitions)
    })
    return write()
  }
}

/** Places keys; a range partitioner whose map side does not combine finds the keys in records itself. */
function placing(spec: PartitionerSpec, combines: boolean, { services: { resolve } }: PlanCompiler): Place {
  const { partitions } = spec
  switch (spec.kind) {
    case 'hash':
      return partitions === 1 ? () => 0 : (key) => hashKey(key) % partitions
    case 'deal':
      // Each map output starts at part 0: readers rotate the parts by the record counts of earlier outputs.
      return (_, _task, n) => n % partitions
    case 'custom': {
      const fn = resolve(spec.fn)
      return (of) => {
        const p = fn(of)
        if (Number.isInteger(p) && p >= 0 && p < partitions) return p
        throw new RangeError(
          `The partitioner returned ${p} for a key; it must return a whole number from 0 to ${partitions - 1}.`,
        )
      }
    }
    case 'range': {
      const key = combines ? (value: unknown) => value : resolve(spec.key)
      const compare = checkedOrder(resolve(spec.compare!))
      const { bounds, ascending } = spec
      const order: typeof compare = ascending ? compare : (a, b) => -compare(a, b)
      return (value) => rangeOf(key(value), bounds, order)
    }
  }
}

/** Attributes errors of user functions in `place` to the operation. */
function named(place: Place, { kind }: PartitionerSpec, label: string): Place {
  if (kind === 'hash' || kind === 'deal') return place
  return (value, task, n) => {
    try {
      return place(value, task, n)
    } catch (error) {
      task.meter.failedAt ??= label
      throw error
    }
  }
}

/** Returns the range of a key: the number of bounds before it. */
function rangeOf(key: unknown, bounds: readonly unknown[], compare: (a: unknown, b: unknown) => number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(key, bounds[middle]) <= 0) high = middle
    else low = middle + 1
  }
  return low
}

function buckets(n: number): unknown[][] {
  return Array.from({ length: n }, () => [])
}
