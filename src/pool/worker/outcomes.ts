import type { AnyFunction } from '../../ops/functions/ref.js'
import { asPair } from '../../ops/pair.js'
import type { RecordOp, RejectsSlot } from '../../ops/plan.js'
import type { Meter } from './loop.js'
import { letterOf } from './rejects.js'

/*
 * Steps whose outcomes are kept, of records that are given up too: `[made]` for each record that comes out, and
 * `[undefined, letter]` for each whose function threw. So both come from one call, and neither can miss a record.
 */
export type Outcome = readonly [made: unknown] | readonly [made: undefined, letter: unknown]

/** All outcomes of one record. */
export function outcomesOf(op: RecordOp, fn: AnyFunction, label: string, slot: RejectsSlot) {
  const made = maker(op, fn)
  return (record: unknown, { rejects }: Meter): readonly Outcome[] => {
    try {
      return made(record)
    } catch (error) {
      rejects.add(slot, label, record, error)
      return [[undefined, letterOf(label, record, error)]]
    }
  }
}

function maker(op: RecordOp, fn: AnyFunction): (record: unknown) => readonly Outcome[] {
  switch (op) {
    case 'map':
      return (record) => [[fn(record)]]
    case 'filter':
      return (record) => (fn(record) ? [[record]] : [])
    case 'flatMap':
      return (record) => Array.from(fn(record) as Iterable<unknown>, (each) => [each])
    case 'mapValues':
      return (record) => {
        const [key, value] = asPair(record)
        return [[[key, fn(value)]]]
      }
    case 'flatMapValues':
      return (record) => {
        const [key, value] = asPair(record)
        return Array.from(fn(value) as Iterable<unknown>, (each) => [[key, each]])
      }
  }
}
