import type { AnyFunction } from '../../../ops/functions/ref.js'
import { ColumnRecords } from './column-records.js'
import { composeLoop, firstOf, type Loop, type ReadyStep } from './loop.js'
import type { LoopSample } from './operation-sample.js'
import { type Emit, RECORD_OPERATIONS } from './record-operations.js'

/**
 * Returns `whole`, except in tasks whose operations are sampled: there, a loop of closures runs the first records, and
 * counts and times each step. Other tasks have the cost of one comparison per piece of records. `ofRecords` returns a
 * function that takes records for one that takes what `whole` emits.
 */
export function withSample<E>(steps: readonly ReadyStep[], whole: Loop<E>, ofRecords: (emit: E) => Emit): Loop<E> {
  if (steps.length === 0) return whole
  const labels = steps.map(({ label }) => label)
  let current!: LoopSample
  let measured: Loop | undefined
  const loop: Loop<E> = (records, emit, meter) => {
    if (meter.sample === undefined) return whole(records, emit, meter)
    const sample = meter.sample.of(loop, labels)
    if (sample.room <= 0) return whole(counted(records, sample), emit, meter)
    current = sample
    measured ??= composeLoop(steps.map((step, i) => timed(step, i, () => current)))
    const { first, rest } = split(records, sample.room)
    const before = sample.entered[0]!
    const pass = ofRecords(emit)
    measured(
      first,
      (value) => {
        sample.entered[steps.length]!++
        pass(value)
      },
      meter,
    )
    sample.room -= sample.entered[0]! - before
    if (sample.room <= 0) whole(counted(rest, sample), emit, meter)
  }
  return loop
}

/** Splits records after the first `n`. Arrays stay arrays, which loops read faster. */
function split(records: Iterable<unknown>, n: number): { first: Iterable<unknown>; rest: Iterable<unknown> } {
  if (Array.isArray(records) || records instanceof ColumnRecords)
    return { first: records.slice(0, n), rest: records.slice(n) }
  const iterator = records[Symbol.iterator]()
  return { first: firstOf(iterator, n), rest: { [Symbol.iterator]: () => iterator } }
}

/** Counts records that are not measured. */
function counted(records: Iterable<unknown>, sample: LoopSample): Iterable<unknown> {
  if (Array.isArray(records) || records instanceof ColumnRecords) {
    sample.others += records.length
    return records
  }
  return each(records, sample)
}

function* each(records: Iterable<unknown>, sample: LoopSample): Generator<unknown> {
  for (const record of records) {
    sample.others++
    yield record
  }
}

/** Returns the step with a function that counts its calls, and measures their time. */
function timed(step: ReadyStep, i: number, current: () => LoopSample): ReadyStep {
  const { op, fn } = step
  const isLazy = op !== 'outcomes' && RECORD_OPERATIONS[op].several
  const measured: AnyFunction = (...args) => {
    const sample = current()
    sample.entered[i]!++
    const began = performance.now()
    try {
      const result = fn(...args)
      return isLazy && isLazyResult(result) ? timedResults(result, sample, i) : result
    } finally {
      sample.ms[i]! += performance.now() - began
    }
  }
  return { ...step, fn: measured }
}

/** Whether results may be computed when they are read, as by a generator. Others, and wrong ones, are left as they are. */
function isLazyResult(result: unknown): result is Iterable<unknown> {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return false
  return Symbol.iterator in result && !ArrayBuffer.isView(result)
}

function timedResults(results: Iterable<unknown>, { ms }: LoopSample, i: number): Iterable<unknown> {
  return {
    [Symbol.iterator]() {
      const iterator = results[Symbol.iterator]()
      const next = () => {
        const began = performance.now()
        try {
          return iterator.next()
        } finally {
          ms[i]! += performance.now() - began
        }
      }
      return { next, return: () => iterator.return?.() ?? { done: true, value: undefined } }
    },
  }
}
