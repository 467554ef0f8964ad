import type { Look } from '../../../ops/functions/check-text.js'
import type { Aggregator, Plan, Program, Step } from '../../../ops/plan.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import type { AsyncStepRun } from '../operators/async-steps.js'
import type { Loop } from '../operators/loop.js'
import type { Join, MetSource } from '../operators/met.js'
import type { Emit, EmitPair } from '../operators/record-operations.js'
import type { Combine } from '../tables/combine-table.js'
import type { Each } from './inputs.js'
import type { Task, ThreadServices } from './task.js'

/** Yields the records of a plan, piece by piece. */
export type Source = (task: Task, each: Each) => void
/** Yields the records of a plan one by one, through one fused loop. */
export type Runner = (task: Task, emit: Emit) => void

/**
 * Yields the records of a plan, all of which must be pairs, one by one: no array is built for pairs in columns, or whose
 * function V8 inlines. Unless `columns` is undefined, it takes columns that no step has to change.
 */
export type PairRunner = (task: Task, emit: EmitPair, columns: ((part: PairColumns) => void) | undefined) => void

/**
 * Compiles the parts of plans for the operators. The operators know this interface; the compiler knows the operators.
 */
export interface PlanCompiler {
  readonly services: ThreadServices
  /** Whether no user function sees the records of this state in the program that is being compiled. */
  isReadOnly(state: Plan): boolean
  /** Returns the result of `compile`, and the async steps that must run before it in each task; usually none. */
  program<R>(program: Program, compile: () => R): { readonly made: R; readonly asyncSteps: readonly AsyncStepRun[] }
  /**
   * Passes every record of the plan to `emit`; the last steps of the plan and `emit` share one loop. With `last` =
   * `self` the loop does not check the items of output pairs: for an `emit` that encodes them, merges them by key or
   * counts them.
   */
  runner(plan: Plan, last?: Look): Runner
  /** Like `runner`, for a plan whose records are pairs. */
  pairRunner(plan: Plan): PairRunner
  source(plan: Plan): Source
  /** Like `source`, for a reader that knows records in columns: those of joins and entries of state come as ColumnRecords. */
  forLoop(plan: Plan): Source
  /** Compiles the look-ups of a join, for a reader that needs no joined records. */
  met(plan: Join): MetSource
  /**
   * Compiles with async steps in the order of records, not of answers. Output for other tasks may be lost after some of
   * them have read it, and must be the same when it is recomputed.
   */
  inRecordOrder<R>(compile: () => R): R
  /** Returns a function that combines raw values on the map side. */
  combiner(functions: Pick<Aggregator, 'create' | 'mergeValue'>): Combine
  /** Returns a function that counts the records of a plan. */
  counter(plan: Plan): (task: Task) => number
  /** Compiles steps into one loop. */
  loop(steps: readonly Step[]): Loop
  /** Compiles steps into one loop whose steps are measured in tasks with a sample. */
  measuredLoop(steps: readonly Step[]): Loop
}
