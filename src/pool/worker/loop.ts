import type { AnyFunction } from '../../ops/functions/ref.js'
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

/** What a loop tells about itself while it runs. */
export interface Meter {
  readonly vitals: Int32Array
  /** The operation that threw, once one has. */
  failedAt: string | undefined
  /** Takes records whose function threw, from steps that give them up. */
  readonly rejects: Rejects
}

/** Takes each record that comes out of the last step. One function a program: its call site sees one shape. */
export type Emit = (value: unknown) => void
export type Loop = (records: Iterable<unknown>, emit: Emit, meter: Meter) => void

/**
 * All steps between two shuffles as one loop. The steps' functions are called from places of their own, so that the
 * compiler sees one function at each and can inline it: twice as fast as functions composed by hand.
 *
 * Each record shows that the thread is alive. Not every so many records: records come in pieces, which may be short,
 * and a function may take seconds for each. Costs nothing that can be measured.
 */
export function compileLoop(steps: readonly ReadyStep[]): Loop {
  const open: string[] = []
  let closing = ''
  let value = 'v'
  steps.forEach(({ op, rejects }, i) => {
    open.push(`at = ${i};`)
    const next = `v${i}`
    if (op === 'outcomes') {
      open.push(`for (const ${next} of f${i}(${value}, meter)) {`)
      closing += '}'
      value = next
      return
    }
    if (rejects !== undefined) {
      open.push(guardedText(op, i, value, rejects))
      if (op === 'flatMap' || op === 'flatMapValues') closing += '}'
      if (op !== 'filter') value = next
      return
    }
    if (op === 'filter') {
      open.push(`if (!f${i}(${value})) continue;`)
      return
    }
    if (op === 'map') open.push(`const ${next} = f${i}(${value});`)
    if (op === 'mapValues') open.push(`asPair(${value}); const ${next} = [${value}[0], f${i}(${value}[1])];`)
    if (op === 'flatMap') open.push(`for (const ${next} of f${i}(${value})) {`)
    if (op === 'flatMapValues')
      open.push(`asPair(${value}); for (const e${i} of f${i}(${value}[1])) { const ${next} = [${value}[0], e${i}];`)
    if (op === 'flatMap' || op === 'flatMapValues') closing += '}'
    value = next
  })
  const text = `
    'use strict'
    return function loop(records, emit, meter) {
      const vitals = meter.vitals
      let at = 0
      try {
        for (const v of records) {
          vitals[${PROGRESS}]++
          ${open.join('\n')}
          at = ${steps.length}
          emit(${value})
          ${closing}
        }
      } catch (error) {
        meter.failedAt ??= labels[at]
        throw error
      }
    }`
  const names = steps.map((_, i) => `f${i}`)
  return new Function('labels', 'asPair', ...names, text)(
    steps.map((step) => step.label),
    asPair,
    ...steps.map((step) => step.fn),
  ) as Loop
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
    try {
      for (const value of records) {
        meter.vitals[PROGRESS]!++
        run(value)
      }
    } catch (error) {
      meter.failedAt ??= steps[at]?.label
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
