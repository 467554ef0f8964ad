import { AsyncLocalStorage } from 'node:async_hooks'
import { StateError } from '../errors.js'
import type { AnyFunction, Gathering } from './functions/ref.js'
import { isAsync } from './functions/results.js'

/** The property that makes an object an accumulator; its value is the accumulator's number. */
export const ACCUMULATOR_ID: unique symbol = Symbol.for('millrace.accumulator')

/** An accumulator: tasks add values to it, and the driver reads the total. */
export interface Accumulator<T, R = T> {
  /** Adds a value. Additions of a task take effect when it succeeds; those of the driver take effect at once. */
  add(value: T): void
  /** Returns the total of all tasks that have succeeded. @throws StateError in a task: only the driver can read it. */
  readonly value: R
}

/** An accumulator as `withEnv` recognises it. */
export interface NumberedAccumulator<T, R = T> extends Accumulator<T, R> {
  readonly [ACCUMULATOR_ID]: number
  readonly gathering: Gathering
}

/** The additions of one task, by accumulator number. */
export type Additions = readonly (readonly [id: number, added: unknown])[]

/** The additions of the running task. A thread runs one task at a time, so there is at most one. */
let current: Map<number, unknown> | undefined
/**
 * The additions of the task that made an async call, which may outlive the task. Created on first use: its look-up
 * costs time.
 */
let calls: AsyncLocalStorage<Map<number, unknown>> | undefined

/**
 * Runs a part of the running task. Additions made after the task has ended still count for it, never for the next task.
 */
export function forThisTask<R>(run: () => R): R {
  if (!current) return run()
  calls ??= new AsyncLocalStorage()
  return calls.run(current, run)
}

/** Runs `run`, which calls `fn`. If `fn` is async, its additions count for this task even after the task has failed. */
export function forThisTaskIfAsync<R>(fn: AnyFunction, run: () => R): R {
  return isAsync(fn) ? forThisTask(run) : run()
}

function additions(): Map<number, unknown> | undefined {
  return calls?.getStore() ?? current
}

export function beginAdditions(): void {
  current = new Map()
}

/** Returns the running task's additions and stops collecting. Returns undefined if there are none, the usual case. */
export function endAdditions(): Additions | undefined {
  const added = current
  current = undefined
  return added && added.size > 0 ? [...added] : undefined
}

/** Adds for the running task. Returns false if no task runs in this thread. */
export function addInTask(id: number, gathering: Gathering, value: unknown): boolean {
  const mine = additions()
  if (!mine) return false
  if (gathering === 'sum') {
    mine.set(id, ((mine.get(id) as number | undefined) ?? 0) + (value as number))
    return true
  }
  const list = mine.get(id) as unknown[] | undefined
  if (list) list.push(value)
  else mine.set(id, [value])
  return true
}

/** Returns the accumulator that shipped functions see: it can only add. */
export function accumulatorFace(id: number, gathering: Gathering): NumberedAccumulator<unknown> {
  return Object.freeze({
    [ACCUMULATOR_ID]: id,
    gathering,
    // Without a running task, the driver is extracting keys for a sample; those additions are ignored.
    add: (value: unknown) => void addInTask(id, gathering, value),
    get value(): never {
      throw valueInTask()
    },
  })
}

export function mustNotRunInTask(): void {
  if (current) throw valueInTask()
}

function valueInTask(): StateError {
  return new StateError(
    "An accumulator's value was read in a task, which knows only its own additions. Read it in the driver, after the action.",
  )
}
