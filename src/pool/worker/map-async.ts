import { CallTimeoutError } from '../../errors.js'
import { forThisTask } from '../../ops/accumulator.js'
import { checkEach, checkResult } from '../../ops/functions/results.js'
import type { AsyncStep } from '../../ops/plan.js'
import { PROGRESS } from '../vitals.js'
import { AsyncCall } from './async-call.js'
import type { Outcome } from './outcomes.js'
import { letterOf } from './rejects.js'
import { labelled, type Task, type ThreadServices } from './task.js'

/** Runs an async step over the records of a partition: at most `concurrency` calls at a time. */
export function settling(step: AsyncStep, recordsOf: (task: Task) => readonly unknown[], { resolve }: ThreadServices) {
  const fn = resolve(step.fn)
  return async (task: Task): Promise<readonly unknown[]> => {
    const records = recordsOf(task)
    if (!step.whole) return settleAll(records, fn, step, task)
    const wholly = (all: unknown, call: AsyncCall) => fn(all, task.partition, call)
    const [made] = await settleAll([records], wholly, step, task)
    return labelled(task, step.label, () => [...checkEach(made)])
  }
}

/**
 * Resolves with all results, or rejects with the first failure or when the task is cancelled. Then the signals of the
 * calls still out abort, and nobody waits for them: one that ignores its signal must not hold up the next task.
 */
function settleAll(
  records: readonly unknown[],
  call: (record: unknown, call: AsyncCall) => unknown,
  { concurrency, ordered, timeout, label, whole, rejects: slot, outcomes }: AsyncStep,
  { meter, cancellation }: Task,
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const results: unknown[] = ordered ? new Array(records.length) : []
    const out = new Set<AsyncCall>()
    /** Errors of records that are given up, by the record's place. */
    const given = new Map<number, unknown>()
    let next = 0
    let failed = false
    let leave: () => unknown = () => undefined

    const fail = (error: unknown, record?: unknown) => {
      if (failed) return
      failed = true
      leave()
      meter.failedAt ??= label
      if (!whole) meter.failedOn ??= { record }
      reject(error)
      for (const each of out) each.end(error)
    }
    const launch = () => {
      while (out.size < concurrency && next < records.length && !failed) start(next++)
      if (out.size > 0 || next < records.length || failed) return
      leave()
      resolve(slot === undefined ? results : withoutGiven())
    }
    const withoutGiven = () => {
      // In the order of records, whichever call came back first, so that the same ones are kept each time.
      for (const [i, error] of [...given].sort(([a], [b]) => a - b)) meter.rejects.add(slot!, label, records[i], error)
      return ordered && !outcomes ? results.filter((_, i) => !given.has(i)) : results
    }
    const put = (i: number, result: unknown) => {
      if (ordered) results[i] = result
      else results.push(result)
    }
    const start = (i: number) => {
      const made = new AsyncCall()
      out.add(made)
      /** False for a call that was too late: its place is taken. */
      const settled = () => {
        clearTimeout(late)
        // A call that is out shows nothing; one that comes back shows that the task gets on.
        meter.vitals[PROGRESS]!++
        return out.delete(made)
      }
      const refuse = (error: unknown) => {
        if (!settled()) return
        if (slot === undefined) return fail(error, records[i])
        given.set(i, error)
        if (outcomes) put(i, [undefined, letterOf(label, records[i], error)] satisfies Outcome)
        launch()
      }
      const late =
        timeout === undefined
          ? undefined
          : setTimeout(() => {
              const error = timedOut(label, timeout)
              refuse(error)
              made.end(error)
            }, timeout)
      const answer = answerOf(() => call(records[i], made))
      // The iterable of a whole partition is checked as it is taken.
      ;(whole ? answer : answer.then(asRecord)).then((result) => {
        if (!settled()) return
        put(i, outcomes ? ([result] satisfies Outcome) : result)
        launch()
      }, refuse)
    }
    leave = cancellation.onCancel(fail)
    launch()
  })
}

/** A function that throws before its first await is a rejection like any other. */
async function answerOf(call: () => unknown): Promise<unknown> {
  return forThisTask(call)
}

/** A record that holds a promise still, or an iterator, is refused. */
function asRecord(result: unknown): unknown {
  if (typeof result === 'object' && result !== null) checkResult(result, true)
  return result
}

function timedOut(label: string, timeout: number): CallTimeoutError {
  return new CallTimeoutError(
    `${label}: a call had no answer within its timeout of ${timeout} ms. Give a longer timeout, or fewer calls at a time with concurrency.`,
    { operation: label, timeout },
  )
}
