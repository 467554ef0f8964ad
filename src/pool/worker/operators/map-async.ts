import { CallTimeoutError } from '../../../errors.js'
import { forThisTask } from '../../../ops/accumulator.js'
import { checkEach, checkResult } from '../../../ops/functions/results.js'
import type { AsyncStep } from '../../../ops/plan.js'
import { PROGRESS } from '../../thread-status.js'
import { labelled, type Task, type ThreadServices } from '../runtime/task.js'
import { AsyncCall } from './async-call.js'
import type { Outcome } from './rejecting.js'
import { letterOf } from './rejects.js'

/** Compiles an async step over the records of a partition: at most `concurrency` calls at a time. */
export function compileAsyncStep(
  step: AsyncStep,
  recordsOf: (task: Task) => readonly unknown[],
  { resolve }: ThreadServices,
) {
  const fn = resolve(step.fn)
  return async (task: Task): Promise<readonly unknown[]> => {
    const records = recordsOf(task)
    const began = performance.now()
    const results = await resultsOf(records, task)
    const { sample } = task.meter
    sample?.add({
      label: step.label,
      recordsIn: records.length,
      recordsOut: results.length,
      ms: performance.now() - began,
    })
    return results
  }

  async function resultsOf(records: readonly unknown[], task: Task): Promise<readonly unknown[]> {
    if (!step.whole) return new AsyncCalls(records, fn, step, task).results()
    const wholly = (all: unknown, call: AsyncCall) => fn(all, task.partition, call)
    const [made] = await new AsyncCalls([records], wholly, step, task).results()
    return labelled(task, step.label, () => [...checkEach(made)])
  }
}

/** Turns an error that a function throws before its first await into a rejection. */
async function answerOf(call: () => unknown): Promise<unknown> {
  return forThisTask(call)
}

/** Refuses a record that holds a promise or an iterator. */
function asRecord(result: unknown): unknown {
  if (typeof result === 'object' && result !== null) checkResult(result, true)
  return result
}

function timedOut(label: string, timeout: number): CallTimeoutError {
  return new CallTimeoutError(
    `${label}: a call had no answer within its timeout of ${timeout} ms. Set a longer timeout, or a lower concurrency.`,
    { operation: label, timeout },
  )
}

/**
 * The calls of an async step on the records of one partition. After a failure the signals of pending calls abort, and
 * the task does not wait for them, because a call that ignores its signal must not delay the next task.
 */
class AsyncCalls {
  readonly #records: readonly unknown[]
  readonly #call: (record: unknown, call: AsyncCall) => unknown
  readonly #step: AsyncStep
  readonly #task: Task
  readonly #results: unknown[]
  readonly #pending = new Set<AsyncCall>()
  /** Errors of rejected records, by the record's index. */
  readonly #rejected = new Map<number, unknown>()
  #next = 0
  #failed = false
  #leave: () => unknown = () => undefined
  #resolve: (results: unknown[]) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(
    records: readonly unknown[],
    call: (record: unknown, call: AsyncCall) => unknown,
    step: AsyncStep,
    task: Task,
  ) {
    this.#records = records
    this.#call = call
    this.#step = step
    this.#task = task
    this.#results = step.ordered ? new Array(records.length) : []
  }

  /** Resolves with all results, or rejects with the first failure or when the task is cancelled. */
  results(): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#leave = this.#task.cancellation.onCancel((error) => this.#fail(error))
      this.#launch()
    })
  }

  /** Starts calls up to the step's limit, or ends the step. */
  #launch(): void {
    const { length } = this.#records
    while (this.#pending.size < this.#step.concurrency && this.#next < length && !this.#failed)
      this.#start(this.#next++)
    if (this.#pending.size > 0 || this.#next < length || this.#failed) return
    this.#leave()
    this.#resolve(this.#withoutRejected())
  }

  #start(i: number): void {
    const { timeout, label, whole } = this.#step
    const made = new AsyncCall()
    this.#pending.add(made)
    const late =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            const error = timedOut(label, timeout)
            if (this.#settled(made)) this.#refuse(i, error)
            made.end(error)
          }, timeout)
    const answer = answerOf(() => this.#call(this.#records[i], made))
    // The iterable of a whole partition is checked while it is read.
    ;(whole ? answer : answer.then(asRecord)).then(
      (result) => {
        clearTimeout(late)
        if (this.#settled(made)) this.#accept(i, result)
      },
      (error: unknown) => {
        clearTimeout(late)
        if (this.#settled(made)) this.#refuse(i, error)
      },
    )
  }

  /** Returns false for a call that timed out before. */
  #settled(made: AsyncCall): boolean {
    // Each answer counts as progress of the task.
    this.#task.meter.status[PROGRESS]!++
    return this.#pending.delete(made)
  }

  #accept(i: number, result: unknown): void {
    this.#put(i, this.#step.outcomes ? ([result] satisfies Outcome) : result)
    this.#launch()
  }

  #refuse(i: number, error: unknown): void {
    const { rejects, outcomes, label } = this.#step
    const record = this.#records[i]
    if (rejects === undefined) {
      this.#fail(error, record)
      return
    }
    this.#rejected.set(i, error)
    if (outcomes) this.#put(i, [undefined, letterOf(label, record, error)] satisfies Outcome)
    this.#launch()
  }

  #put(i: number, result: unknown): void {
    if (this.#step.ordered) this.#results[i] = result
    else this.#results.push(result)
  }

  #withoutRejected(): unknown[] {
    const { rejects: input, label, ordered, outcomes } = this.#step
    if (input === undefined) return this.#results
    // In the order of records, not of answers, so that each attempt stores the same ones.
    for (const [i, error] of [...this.#rejected].sort(([a], [b]) => a - b))
      this.#task.meter.rejects.add(input, label, this.#records[i], error)
    return ordered && !outcomes ? this.#results.filter((_, i) => !this.#rejected.has(i)) : this.#results
  }

  #fail(error: unknown, record?: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#leave()
    const { meter } = this.#task
    meter.failedAt ??= this.#step.label
    if (!this.#step.whole) meter.failedOn ??= { record }
    this.#reject(error)
    for (const each of this.#pending) each.end(error)
  }
}
