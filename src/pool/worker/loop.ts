import { checkText, eachText, LOOKS, type Look } from '../../ops/functions/check-text.js'
import { unguarded } from '../../ops/functions/guard.js'
import type { AnyFunction } from '../../ops/functions/ref.js'
import { checkIterable, checkResult } from '../../ops/functions/results.js'
import { asPair } from '../../ops/pair.js'
import type { RecordOp, RejectsSlot } from '../../ops/plan.js'
import { PROGRESS } from '../vitals.js'
import { guardedStep, guardedText } from './guarded.js'
import type { Rejects } from './rejects.js'

/** A step with its function found. */
export interface ReadyStep {
  /** `outcomes`: the function takes the meter too, and gives every outcome of a record. */
  readonly op: RecordOp | 'outcomes'
  readonly fn: AnyFunction
  readonly label: string
  readonly rejects?: RejectsSlot
}

/** What a loop reports while it runs. */
export interface Meter {
  readonly vitals: Int32Array
  /** The operation that threw, once one has. */
  failedAt: string | undefined
  /** The record that the loop had read when an operation threw. */
  failedOn: { readonly record: unknown } | undefined
  /** Takes records whose function threw, from steps that drop them. */
  readonly rejects: Rejects
}

/** Takes each record that comes out of the last step. One function a program: its call site sees one shape. */
export type Emit = (value: unknown) => void
export type Loop = (records: Iterable<unknown>, emit: Emit, meter: Meter) => void

/** After so many pieces a loop looks no longer at fields: each call of code that seldom runs costs as much as many records. */
const CAREFUL_PIECES = 32

/**
 * All steps between two shuffles as one loop. The steps' functions are called from places of their own, so that the
 * compiler sees one function at each and can inline it: twice as fast as functions composed by hand.
 *
 * The loop checks results itself. Two loops share the work: the first records of each piece go through one that looks at
 * the fields of records too. A branch for that in the other would make the compiler allocate every record. `last`: how
 * close the other looks at what comes out of the last step.
 */
export function compileLoop(steps: readonly ReadyStep[], last: Look = 'items'): Loop {
  const names = steps.map((_, i) => `f${i}`)
  const text = `'use strict'; return [${loopText(steps, 'fields', 'fields')}, ${loopText(steps, 'items', last)}]`
  const [near, fast] = new Function('labels', 'asPair', 'check', 'each', ...names, text)(
    steps.map((step) => step.label),
    asPair,
    checkResult,
    checkIterable,
    ...steps.map((step) => unguarded(step.fn)),
  ) as [Loop, Loop]
  let careful = CAREFUL_PIECES
  return (records, emit, meter) => {
    if (careful === 0) return fast(records, emit, meter)
    careful--
    if (Array.isArray(records)) {
      near(records.slice(0, LOOKS), emit, meter)
      if (records.length > LOOKS) fast(records.slice(LOOKS), emit, meter)
      return
    }
    const iterator = records[Symbol.iterator]()
    near(firstOf(iterator), emit, meter)
    fast({ [Symbol.iterator]: () => iterator }, emit, meter)
  }
}

const DONE = { done: true, value: undefined } as const

/** The first records of an iterator, which stays open for the others unless a loop over the first throws. */
function firstOf(iterator: Iterator<unknown>): Iterable<unknown> {
  let n = 0
  const next = () => (n++ < LOOKS ? iterator.next() : DONE)
  return { [Symbol.iterator]: () => ({ next, return: () => iterator.return?.() ?? DONE }) }
}

/**
 * Each record shows that the thread is alive. Not every so many records: records come in pieces, which may be short,
 * and a function may take seconds for each. Costs nothing that can be measured. The same holds for the record outside of the
 * loop, which an error names.
 */
function loopText(steps: readonly ReadyStep[], look: Look, last: Look): string {
  const open: string[] = []
  let closing = ''
  let value = 'v'
  steps.forEach((step, i) => {
    open.push(`at = ${i};`, stepText(step, i, value, i === steps.length - 1 ? last : look))
    if (opensBlock(step.op)) closing += '}'
    if (step.op !== 'filter') value = `v${i}`
  })
  return `
    function loop(records, emit, meter) {
      const vitals = meter.vitals
      let at = 0
      let v
      try {
        for (v of records) {
          vitals[${PROGRESS}]++
          ${open.join('\n')}
          at = ${steps.length}
          emit(${value})
          ${closing}
        }
      } catch (error) {
        meter.failedAt ??= labels[at]
        meter.failedOn ??= { record: v }
        throw error
      }
    }`
}

function opensBlock(op: ReadyStep['op']): boolean {
  return op === 'flatMap' || op === 'flatMapValues' || op === 'outcomes'
}

/** The text of step `i`: from the variable `value` to the variable `v<i>`, or on to the next record. */
function stepText({ op, fn, rejects }: ReadyStep, i: number, value: string, look: Look): string {
  const check = (name: string) => (unguarded(fn) === fn ? '' : checkText(name, look))
  const next = `v${i}`
  if (op === 'outcomes') return `for (const ${next} of f${i}(${value}, meter)) {`
  if (rejects !== undefined) return guardedText(op, i, value, rejects, check)
  switch (op) {
    case 'map':
      return `const ${next} = f${i}(${value}); ${check(next)}`
    case 'filter':
      return `const t${i} = f${i}(${value}); if (!t${i}) continue; ${check(`t${i}`)}`
    case 'mapValues':
      return `asPair(${value}); const r${i} = f${i}(${value}[1]); ${check(`r${i}`)} const ${next} = [${value}[0], r${i}];`
    case 'flatMap':
      return `let s${i}; for (const ${next} of ${eachText(`s${i}`, `f${i}(${value})`)}) { ${check(next)}`
    case 'flatMapValues':
      return `asPair(${value}); let s${i};
        for (const e${i} of ${eachText(`s${i}`, `f${i}(${value}[1])`)}) { ${check(`e${i}`)} const ${next} = [${value}[0], e${i}];`
  }
}

/** The same without code generation, for processes started with --disallow-code-generation-from-strings. */
export function composeLoop(steps: readonly ReadyStep[]): Loop {
  return (records, emit, meter) => {
    let at = -1
    let run: Emit = (value) => {
      at = steps.length
      emit(value)
    }
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i]!
      const mark = () => (at = i)
      run = composed(step, run, mark, meter)
    }
    let record: unknown
    try {
      for (record of records) {
        meter.vitals[PROGRESS]!++
        run(record)
      }
    } catch (error) {
      meter.failedAt ??= steps[at]?.label
      meter.failedOn ??= { record }
      throw error
    }
  }
}

function composed(step: ReadyStep, next: Emit, mark: () => void, meter: Meter): Emit {
  const { op, fn, rejects } = step
  if (op === 'outcomes') {
    return (value) => {
      mark()
      for (const outcome of fn(value, meter)) next(outcome)
    }
  }
  return rejects === undefined ? composeStep(op, fn, next, mark) : guardedStep(op, step, rejects, next, mark, meter)
}

function composeStep(op: RecordOp, fn: AnyFunction, next: Emit, mark: () => void): Emit {
  switch (op) {
    case 'map':
      return (value) => {
        mark()
        next(fn(value))
      }
    case 'filter':
      return (value) => {
        mark()
        if (fn(value)) next(value)
      }
    case 'flatMap':
      return (value) => {
        mark()
        for (const inner of fn(value)) next(inner)
      }
    case 'mapValues':
      return (value) => {
        mark()
        const [key, of] = asPair(value)
        next([key, fn(of)])
      }
    case 'flatMapValues':
      return (value) => {
        mark()
        const [key, of] = asPair(value)
        for (const inner of fn(of)) next([key, inner])
      }
  }
}
