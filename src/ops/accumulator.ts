import { AsyncLocalStorage } from 'node:async_hooks'
import { StateError } from '../errors.js'
import type { AnyFunction } from './functions/ref.js'
import { isAsync } from './functions/results.js'

/** The property that makes an object an accumulator; its value is the accumulator's number. */
export const ACCUMULATOR_ID: unique symbol = Symbol.for('millrace.accumulator')

/** What a task sends of its additions: their sum, or all of them in order. */
export type Gathering = 'sum' | 'list'

/** A value that tasks add to and the driver reads. */
export interface Accumulator<T, R = T> {
  readonly [ACCUMULATOR_ID]: number
  readonly gathering: Gathering
  /** In a task: counts when the task ends well. In the driver: at once. */
  add(value: T): void
  /** What was added by all tasks that have ended. Only in the driver: StateError in a task. */
  readonly value: R
}

/** What one task has added, by the accumulator's number. */
export type Additions = readonly (readonly [id: number, added: unknown])[]

/** Of the task that runs in this thread. Tasks of a thread run one after the other, so there is one at most. */
let current: Map<number, unknown> | undefined
/** The task of a call that may go on when its task has failed. Made by the first such call: asking it costs time. */
let calls: AsyncLocalStorage<Map<number, unknown>> | undefined

/** Runs a part of the running task; what it adds, however late, it adds for this task and never for the next. */
export function forThisTask<R>(run: () => R): R {
  if (!current) return run()
  calls ??= new AsyncLocalStorage()
  return calls.run(current, run)
}

/** As `run` itself, unless `fn`, which it calls, is an async function: that may add when its task has failed. */
export function forThisTaskIfAsync<R>(fn: AnyFunction, run: () => R): R {
  return isAsync(fn) ? forThisTask(run) : run()
}

function additions(): Map<number, unknown> | undefined {
  return calls?.getStore() ?? current
}

export function beginAdditions(): void {
  current = new Map()
}

/** Ends what beginAdditions began; undefined if nothing was added, which is the usual case. */
export function endAdditions(): Additions | undefined {
  const added = current
  current = undefined
  return added && added.size > 0 ? [...added] : undefined
}

/** Adds for the running task; answers false where none runs in this thread. */
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

/** An accumulator as functions that travel see it: all that it can do is add. */
export function accumulatorFace(id: number, gathering: Gathering): Accumulator<unknown> {
  return Object.freeze({
    [ACCUMULATOR_ID]: id,
    gathering,
    // Outside of a task the driver only compares keys for a sample: the tasks that do the work count.
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
