import { eachText } from '../../../ops/functions/check-text.js'
import type { AnyFunction } from '../../../ops/functions/ref.js'
import type { RejectsInput } from '../../../ops/plan.js'
import type { Meter } from './meter.js'
import { callText, type Emit, type LoopOp, RECORD_OPERATIONS, type StepNames } from './record-operations.js'
import { letterOf } from './rejects.js'

/*
 * Wrappers of record operations that reject a record whose function throws, instead of failing the task. A wrapper
 * tries only the call: an error of a later step belongs to that step. It collects all results of a record before it
 * passes the first one on, so a function that throws midway emits nothing.
 */

/** The outcome of a step on a record: `[output]` for each output, or `[undefined, letter]` if the function threw. */
export type Outcome = readonly [output: unknown] | readonly [output: undefined, letter: unknown]

/** A step that rejects records into an input of its task. `label` names the operation in errors. */
export interface RejectingStep {
  readonly op: LoopOp
  readonly fn: AnyFunction
  readonly label: string
  readonly rejects: RejectsInput
}

/**
 * Returns the text of step `i` in a compiled loop. `check` returns statements that check a result. The text of an
 * operation with several results leaves a brace open.
 */
export function guardedText(
  op: LoopOp,
  i: number,
  input: RejectsInput,
  names: StepNames,
  check: (name: string) => string,
): string {
  const { several, pass } = RECORD_OPERATIONS[op]
  const { before, call } = callText(op, names)
  const { record, result, skip } = names
  const all = several ? `all_${result}` : result
  const results = several ? `[...${eachText(all, call)}]` : call
  const checks = several ? `for (const each of ${all}) { ${check('each')} }` : check(all)
  const reject = `meter.rejects.add(${input}, labels[${i}], ${record}, error)`
  const tried = `let ${all}; try { ${before} ${all} = ${results}; ${checks} } catch (error) { ${reject}; ${skip} }`
  return several ? `${tried} for (const ${result} of ${all}) { ${pass(names)}` : `${tried} ${pass(names)}`
}

/** Returns the same step as a closure. */
export function guardedStep(step: RejectingStep, next: Emit, enter: () => void, meter: Meter): Emit {
  const outputsOf = collecting(step, enter)
  return (record) => {
    let outputs: readonly unknown[]
    try {
      outputs = outputsOf(record)
    } catch (error) {
      meter.rejects.add(step.rejects, step.label, record, error)
      return
    }
    for (const output of outputs) next(output)
  }
}

/** Returns a function that reports all outcomes of a record, so that outputs and dead letters come from one call. */
export function outcomesOf(step: RejectingStep): (record: unknown, meter: Meter) => readonly Outcome[] {
  const outputsOf = collecting(step, () => {})
  const { label, rejects: input } = step
  return (record, { rejects }) => {
    try {
      return outputsOf(record).map((output) => [output])
    } catch (error) {
      rejects.add(input, label, record, error)
      return [[undefined, letterOf(label, record, error)]]
    }
  }
}

/** Returns a function that runs the operation on a record and returns all its outputs. */
function collecting({ op, fn }: RejectingStep, enter: () => void): (record: unknown) => readonly unknown[] {
  let outputs: unknown[] = []
  const run = RECORD_OPERATIONS[op].compose(fn, (output) => outputs.push(output), enter)
  return (record) => {
    // The function may have thrown midway and left outputs.
    outputs = []
    run(record)
    return outputs
  }
}
