import { asPair } from '../../ops/pair.js'
import type { PartitionerSpec, Plan, Program, Sink } from '../../ops/plan.js'
import { hashKey } from '../../values/keys.js'
import { encodeRecords } from '../blocks/records-codec.js'
import { ShuffleBlockWriter } from '../blocks/shuffle-block.js'
import { compileCombining, compileReduction } from './byte-reduce.js'
import { CombineTable } from './combine-table.js'
import { compileForeach } from './foreach.js'
import { PairParts } from './pair-parts.js'
import { type PlanCompiler, toArray } from './plans.js'
import { labelled, labelledLater, type Task } from './task.js'

/** Runs a whole program; answers with the value for the driver, or a promise of it where a step awaits. */
export type CompiledProgram = (task: Task) => unknown

export function compileProgram(program: Program, compiler: PlanCompiler): CompiledProgram {
  const { made: run, ahead } = compiler.program(program, () => compileSink(program, compiler))
  if (ahead.length === 0) return run
  return async (task) => {
    for (const first of ahead) await first(task)
    return run(task)
  }
}

function compileSink({ plan, sink }: Program, compiler: PlanCompiler): CompiledProgram {
  const { scratch, resolve } = compiler.services
  switch (sink.op) {
    case 'count':
      return compiler.counter(plan)
    case 'collect': {
      const source = compiler.source(plan)
      return (task) => {
        const records = toArray(source, task)
        scratch.reset()
        encodeRecords(scratch, records)
        task.written.push({ as: 'collect', block: compiler.services.seal('records', records.length, 'short') })
        return undefined
      }
    }
    case 'apply': {
      const reduction = compileReduction(plan, sink, compiler)
      if (reduction) return reduction
      const fn = resolve(sink.fn)
      const source = compiler.source(plan)
      return (task) => {
        const records = toArray(source, task)
        return labelledLater(task, sink.label, () => fn(records, task.partition))
      }
    }
    case 'foreach':
      return compileForeach(plan, sink, compiler)
    case 'shuffle':
      return compiler.inRecordOrder(() => compileShuffle(sink, plan, compiler))
  }
}

/** The map side of a shuffle: combines where it may, then writes one part a reduce partition. */
function compileShuffle(
  { partitioner, aggregator }: Sink & { op: 'shuffle' },
  plan: Plan,
  compiler: PlanCompiler,
): CompiledProgram {
  const { services } = compiler
  const parts = partitioner.partitions
  const place = placing(partitioner, compiler)
  const finish = (task: Task, write: (block: ShuffleBlockWriter) => void): undefined => {
    const block = new ShuffleBlockWriter(services.scratch, parts)
    write(block)
    task.written.push({ as: 'shuffle', block: services.seal('shuffle', block.count, 'short') })
  }
  if (aggregator?.mapSide) {
    const fill = compileCombining(plan, aggregator, compiler)
    const table = new CombineTable()
    return (task) => {
      table.begin()
      const combined = labelled(task, aggregator.label, () => {
        fill(task, table)
        return table.take()
      })
      const keys = buckets(parts)
      const values = buckets(parts)
      for (let i = 0; i < combined.keys.length; i++) {
        const p = place(combined.keys[i], task, 0)
        keys[p]!.push(combined.keys[i])
        values[p]!.push(combined.values[i])
      }
      return finish(task, (block) => keys.forEach((of, p) => block.pairs(p, of, values[p]!)))
    }
  }
  const runner = compiler.runner(plan)
  if (partitioner.kind === 'hash' || partitioner.kind === 'custom') {
    const pairs = new PairParts(parts)
    return (task) => {
      pairs.begin()
      runner(task, (record) => {
        const pair = asPair(record)
        pairs.add(place(pair[0], task, 0), pair[0], pair[1])
      })
      return finish(task, (block) => pairs.write(block))
    }
  }
  return (task) => {
    const records = buckets(parts)
    let n = 0
    runner(task, (record) => records[place(record, task, n++)]!.push(record))
    return finish(task, (block) => records.forEach((of, p) => block.records(p, of)))
  }

  /** `value` is a key, or a record where the partitioner picks its own keys and the map side does not combine. */
  function placing(
    spec: PartitionerSpec,
    { services: { resolve } }: PlanCompiler,
  ): (value: unknown, task: Task, n: number) => number {
    switch (spec.kind) {
      case 'hash':
        return spec.partitions === 1 ? () => 0 : (key) => hashKey(key) % parts
      case 'deal':
        // From part 0 on in every map output: readers turn the parts by the records of the outputs before.
        return (_, _task, n) => n % parts
      case 'custom': {
        const fn = resolve(spec.fn)
        return (of) => {
          const p = fn(of)
          if (Number.isInteger(p) && p >= 0 && p < parts) return p
          throw new RangeError(
            `The partitioner answered ${p} for a key; it must answer a whole number from 0 to ${parts - 1}.`,
          )
        }
      }
      case 'range': {
        const key = aggregator?.mapSide ? (value: unknown) => value : resolve(spec.key)
        const compare = resolve(spec.compare!)
        const { bounds, ascending } = spec
        return (value) => {
          const k = key(value)
          let low = 0
          let high = bounds.length
          while (low < high) {
            const middle = (low + high) >> 1
            const order = compare(k, bounds[middle])
            if ((ascending ? order : -order) <= 0) high = middle
            else low = middle + 1
          }
          return low
        }
      }
    }
  }
}

function buckets(n: number): unknown[][] {
  return Array.from({ length: n }, () => [])
}
