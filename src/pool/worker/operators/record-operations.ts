import { eachText } from '../../../ops/functions/check-text.js'
import type { AnyFunction } from '../../../ops/functions/ref.js'
import { asPair } from '../../../ops/pair.js'
import type { RecordOp } from '../../../ops/plan.js'

/** `keyBy`: a `map` whose function is the library's keyBy. The loop calls the user's function itself. */
export type LoopOp = RecordOp | 'keyBy'

/** Takes each record that leaves a step. */
export type Emit = (value: unknown) => void
/** Takes each record that leaves a step, if it is a pair. */
export type EmitPair = (key: unknown, value: unknown) => void

/** The names of variables in the text of a step. */
export interface StepNames {
  /** The function. */
  readonly fn: string
  /** The record that enters the step. */
  readonly record: string
  /** The result of the function, or one of several results. */
  readonly result: string
  /** The record that leaves the step. */
  readonly output: string
  /** The statement that goes on to the next record. */
  readonly skip: string
}

/** The effect of one operation on one record: as text for compiled loops, as a closure for processes without eval. */
interface RecordOperation {
  /** Whether the function returns several results, which the step iterates over. */
  readonly several: boolean
  /** Whether the function takes the value of a pair instead of the record. */
  readonly ofPairs: boolean
  /** Returns statements that turn a result into the output, or continue with the next record. */
  readonly pass: (names: StepNames) => string
  /** Whether the step passes its record on unchanged. */
  readonly keepsRecord: boolean
  /**
   * Returns a function that runs the step on a record. It calls `enter` before user code runs, which notes the step for
   * errors: at first, and before each further result, which a generator may throw at.
   */
  readonly compose: (fn: AnyFunction, next: Emit, enter: () => void) => Emit
}

const result = ({ result, output }: StepNames) => `const ${output} = ${result};`
const pairOfResult = ({ record, result, output }: StepNames) => `const ${output} = [${record}[0], ${result}];`

/** Defines each record operation once. Guards and outcome reports wrap these rows. */
export const RECORD_OPERATIONS: Readonly<Record<LoopOp, RecordOperation>> = {
  map: {
    several: false,
    ofPairs: false,
    pass: result,
    keepsRecord: false,
    compose: (fn, next, enter) => (record) => {
      enter()
      next(fn(record))
    },
  },
  keyBy: {
    several: false,
    ofPairs: false,
    pass: ({ record, result, output }) => `const ${output} = [${result}, ${record}];`,
    keepsRecord: false,
    compose: (fn, next, enter) => (record) => {
      enter()
      next([fn(record), record])
    },
  },
  filter: {
    several: false,
    ofPairs: false,
    pass: ({ result, skip }) => `if (!${result}) ${skip}`,
    keepsRecord: true,
    compose: (fn, next, enter) => (record) => {
      enter()
      if (fn(record)) next(record)
    },
  },
  flatMap: {
    several: true,
    ofPairs: false,
    pass: result,
    keepsRecord: false,
    compose: (fn, next, enter) => (record) => {
      enter()
      for (const each of fn(record)) {
        next(each)
        enter()
      }
    },
  },
  mapValues: {
    several: false,
    ofPairs: true,
    pass: pairOfResult,
    keepsRecord: false,
    compose: (fn, next, enter) => (record) => {
      enter()
      const [key, value] = asPair(record)
      next([key, fn(value)])
    },
  },
  flatMapValues: {
    several: true,
    ofPairs: true,
    pass: pairOfResult,
    keepsRecord: false,
    compose: (fn, next, enter) => (record) => {
      enter()
      const [key, value] = asPair(record)
      for (const each of fn(value)) {
        next([key, each])
        enter()
      }
    },
  },
}

/** Returns statements that check the record, and the expression that calls the function. */
export function callText(op: LoopOp, { fn, record }: StepNames): { readonly before: string; readonly call: string } {
  return RECORD_OPERATIONS[op].ofPairs
    ? // Two statements: `fn(asPair(record)[1])` makes a loop over pairs 1.3 to 3.6 times as slow.
      { before: `asPair(${record});`, call: `${fn}(${record}[1])` }
    : { before: '', call: `${fn}(${record})` }
}

/**
 * Returns the text of a step that fails its task if the function throws. `check` returns statements that check a result.
 * The text of an operation with several results leaves a brace open.
 */
export function stepText(op: LoopOp, names: StepNames, check: (name: string) => string): string {
  const { several, pass } = RECORD_OPERATIONS[op]
  const { before, call } = callText(op, names)
  const { result } = names
  if (!several) return `${before} const ${result} = ${call}; ${check(result)} ${pass(names)}`
  const all = `all_${result}`
  return `${before} let ${all}; for (const ${result} of ${eachText(all, call)}) { ${check(result)} ${pass(names)}`
}
