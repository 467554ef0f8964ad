import { checkText, LOOKS, type Look } from '../../../ops/functions/check-text.js'
import { unguarded } from '../../../ops/functions/guard.js'
import type { AnyFunction } from '../../../ops/functions/ref.js'
import { checkIterable, checkResult } from '../../../ops/functions/results.js'
import { asPair } from '../../../ops/pair.js'
import type { RejectsInput } from '../../../ops/plan.js'
import { PROGRESS } from '../../thread-status.js'
import { ColumnRecords } from './column-records.js'
import type { Meter } from './meter.js'
import { PairRecords } from './pair-records.js'
import { type Emit, type EmitPair, type LoopOp, RECORD_OPERATIONS, stepText } from './record-operations.js'
import { guardedStep, guardedText } from './rejecting.js'

/** A step whose function reference has been resolved. */
export interface ReadyStep {
  /** `outcomes`: the function also takes the meter, and returns every outcome of a record. */
  readonly op: LoopOp | 'outcomes'
  readonly fn: AnyFunction
  readonly label: string
  readonly rejects?: RejectsInput
  /** Whether the function takes pairs, and is proven not to read their keys. */
  readonly ignoresKey?: boolean
}

/**
 * Runs steps on records, and passes outputs of the last step to `emit`. One function per program keeps its call site
 * monomorphic.
 */
export type Loop<E = Emit> = (records: Iterable<unknown>, emit: E, meter: Meter) => void
/** A loop whose records are pairs. */
export type PairLoop = Loop<EmitPair>

/** Pieces after which a loop stops checking fields, because a call of rarely run code costs as much as many records. */
const CAREFUL_PIECES = 32

/**
 * Compiles all steps between two shuffles into one loop. Each step's function has its own call site, so V8 sees one
 * function there and can inline it: twice as fast as composed functions.
 *
 * The loop checks results itself. Two loops share the work: one also checks the fields of the first records of each
 * piece. A branch for that in the other loop would make V8 allocate every record. `last`: how closely the other loop
 * checks the last step's results.
 */
export function compileLoop(steps: readonly ReadyStep[], last: Look = 'items'): Loop {
  return compileEmitting<Emit>(steps, last, (record) => `emit(${record})`)
}

/** Like `compileLoop`, of pairs. Takes them apart itself, so V8 need not allocate those of functions that it inlines. */
export function compilePairLoop(steps: readonly ReadyStep[]): PairLoop {
  return compileEmitting<EmitPair>(steps, 'self', (record) => `asPair(${record}); emit(${record}[0], ${record}[1])`)
}

/** Returns a function that takes records for one that takes pairs. */
export function ofPairs(emit: EmitPair): Emit {
  return (record) => {
    const pair = asPair(record)
    emit(pair[0], pair[1])
  }
}

/** Returns a loop of pairs from one of records. */
export function pairing(loop: Loop): PairLoop {
  return (records, emit, meter) => loop(records, ofPairs(emit), meter)
}

/** `emitText` returns the statements that pass a record on. */
function compileEmitting<E>(steps: readonly ReadyStep[], last: Look, emitText: (record: string) => string): Loop<E> {
  const names = steps.map((_, i) => `f${i}`)
  const compile = (head: Head): readonly [near: Loop<E>, fast: Loop<E>] => {
    const text = `[${loopText(steps, 'fields', 'fields', head, emitText)}, ${loopText(steps, 'items', last, head, emitText)}]`
    return new Function('labels', 'asPair', 'check', 'each', ...names, `'use strict'; return (${text})`)(
      steps.map((step) => step.label),
      asPair,
      checkResult,
      checkIterable,
      ...steps.map((step) => unguarded(step.fn)),
    )
  }
  const [near, fast] = compile(RECORDS)
  const needsKeys = readsKeys(steps)
  const ofColumns = new Map<Head, ReturnType<typeof compile>>()
  const compiled = (head: Head) => {
    const loops = ofColumns.get(head) ?? compile(head)
    ofColumns.set(head, loops)
    return loops
  }
  let careful = CAREFUL_PIECES
  return (records, emit, meter) => {
    if (records instanceof ColumnRecords) {
      const [looking, loop] = compiled(headOf(records, needsKeys))
      if (careful === 0) return loop(records, emit, meter)
      careful--
      looking(records.slice(0, LOOKS), emit, meter)
      return loop(records.slice(LOOKS), emit, meter)
    }
    if (careful === 0) return fast(records, emit, meter)
    careful--
    if (Array.isArray(records)) {
      near(records.slice(0, LOOKS), emit, meter)
      if (records.length > LOOKS) fast(records.slice(LOOKS), emit, meter)
      return
    }
    const iterator = records[Symbol.iterator]()
    near(firstOf(iterator, LOOKS), emit, meter)
    fast({ [Symbol.iterator]: () => iterator }, emit, meter)
  }
}

const DONE = { done: true, value: undefined } as const

/**
 * Returns the first `most` records of an iterator. The iterator stays open for the others, unless a loop over the first
 * throws.
 */
export function firstOf(iterator: Iterator<unknown>, most: number): Iterable<unknown> {
  let n = 0
  const next = () => (n++ < most ? iterator.next() : DONE)
  return { [Symbol.iterator]: () => ({ next, return: () => iterator.return?.() ?? DONE }) }
}

/** The text of a loop over records: what precedes it, its head, and the record at which it has stopped. */
interface Head {
  readonly before: string
  readonly head: string
  readonly record: string
}

const RECORDS: Head = { before: 'let v', head: 'for (v of records) {', record: 'v' }
/** Nothing but the functions refers to the arrays of a record, so V8 need not allocate them. */
const JOINED: Head = {
  before: `
    const { mine, theirs, lefts, rights } = records.columns
    const keys = records.columns.keys.all()
    let i = 0`,
  head: `for (; i < lefts.length; i++) {
    const left = lefts[i]
    const right = rights[i]
    const v = [keys[left], [mine[left], right < 0 ? undefined : theirs[right]]]`,
  record: 'records.at(i)',
}
const PAIRS = pairsHead(true)
const VALUES = pairsHead(false)

function pairsHead(withKeys: boolean): Head {
  return {
    before: `
    const { values } = records.columns
    ${withKeys ? 'const keys = records.columns.keys.all()' : ''}
    const { to } = records
    let i = records.from`,
    head: `for (; i < to; i++) {
    const v = [${withKeys ? 'keys[i]' : 'undefined'}, values[i]]`,
    record: 'records.row(i)',
  }
}

function headOf(records: ColumnRecords, needsKeys: boolean): Head {
  if (!(records instanceof PairRecords)) return JOINED
  return needsKeys || !records.omitsKeys ? PAIRS : VALUES
}

/** Whether a step, or the reader after the last one, may read keys of pairs. */
function readsKeys(steps: readonly ReadyStep[]): boolean {
  for (const { op, ignoresKey } of steps) {
    if (!ignoresKey) return true
    if (op === 'map' || op === 'flatMap') return false
  }
  return true
}

/**
 * Returns the text of the loop. Each record counts as progress of the thread. Counting every n-th record would not
 * suffice, because pieces of records may be short and a function may take seconds per record. The counter costs nothing
 * measurable, and neither does the variable outside of the loop that lets an error name its record.
 */
function loopText(
  steps: readonly ReadyStep[],
  look: Look,
  last: Look,
  { before, head, record: failed }: Head,
  emitText: (record: string) => string,
): string {
  const open: string[] = []
  let closing = ''
  let record = 'v'
  let skip = 'continue'
  steps.forEach((step, i) => {
    open.push(`at = ${i};`, textOf(step, i, record, skip, i === steps.length - 1 ? last : look))
    if (step.op === 'outcomes') closing = `} ${closing}`
    else if (RECORD_OPERATIONS[step.op].several) {
      // The user's generator may throw when it yields the next result. That error belongs to this step.
      closing = `at = ${i} } ${closing}`
      skip = `{ at = ${i}; continue }`
    }
    if (step.op === 'outcomes' || !RECORD_OPERATIONS[step.op].keepsRecord) record = `v${i}`
  })
  return `
    function loop(records, emit, meter) {
      const status = meter.status
      let at = 0
      ${before}
      try {
        ${head}
          status[${PROGRESS}]++
          ${open.join('\n')}
          at = ${steps.length}
          ${emitText(record)}
          ${closing}
        }
      } catch (error) {
        meter.failedAt ??= labels[at]
        meter.failedOn ??= { record: ${failed} }
        throw error
      }
    }`
}

/** Returns the text of step `i`: from the variable `record` to the variable `v<i>`, or on to the next record. */
function textOf({ op, fn, rejects }: ReadyStep, i: number, record: string, skip: string, look: Look): string {
  if (op === 'outcomes') return `for (const v${i} of f${i}(${record}, meter)) {`
  const names = { fn: `f${i}`, record, result: `r${i}`, output: `v${i}`, skip }
  const check = (name: string) => (unguarded(fn) === fn ? '' : checkText(name, look))
  return rejects === undefined ? stepText(op, names, check) : guardedText(op, i, rejects, names, check)
}

/** Composes the same loop from closures, for processes started with --disallow-code-generation-from-strings. */
export function composeLoop(steps: readonly ReadyStep[]): Loop {
  return (records, emit, meter) => {
    let at = -1
    let run: Emit = (value) => {
      at = steps.length
      emit(value)
    }
    for (let i = steps.length - 1; i >= 0; i--) {
      const enter = () => {
        at = i
      }
      run = composed(steps[i]!, run, enter, meter)
    }
    let record: unknown
    try {
      for (record of records) {
        meter.status[PROGRESS]!++
        run(record)
      }
    } catch (error) {
      meter.failedAt ??= steps[at]?.label
      meter.failedOn ??= { record }
      throw error
    }
  }
}

function composed({ op, fn, label, rejects }: ReadyStep, next: Emit, enter: () => void, meter: Meter): Emit {
  if (op === 'outcomes') {
    return (record) => {
      enter()
      for (const outcome of fn(record, meter)) next(outcome)
    }
  }
  if (rejects === undefined) return RECORD_OPERATIONS[op].compose(fn, next, enter)
  return guardedStep({ op, fn, label, rejects }, next, enter, meter)
}
