import { ThreadLostError } from '../errors.js'
import { delay } from '../ops/wait.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { Attempt, Job } from './task.js'

/** Attempts by the thread that runs them or has them waiting. */
export type RunningAttempts = ReadonlyMap<PoolThread, readonly Attempt[]>

/** How long a stopping context waits for its threads to abort the signals of their calls. */
const CANCEL_WAIT_MS = 100

/** Ends the running tasks of a job that nobody waits for: threads where they await are free at once. */
export function cancelTasksOf(job: Job, running: RunningAttempts): void {
  for (const [thread, attempts] of running)
    if (attempts.some(({ task }) => task.spec.job === job)) void cancelOn(thread, job)
}

/** Ends all running tasks. Resolves when the threads have obeyed; one that computes does not answer in time. */
export async function cancelAllTasks(running: RunningAttempts): Promise<void> {
  if (running.size === 0) return
  const enough = new AbortController()
  const obeyed = [...running].flatMap(([thread, attempts]) =>
    [...new Set(attempts.map(({ task }) => task.spec.job))].map((job) => cancelOn(thread, job)),
  )
  await Promise.race([Promise.all(obeyed), delay(CANCEL_WAIT_MS, enough.signal)])
  enough.abort()
}

async function cancelOn(thread: PoolThread, job: Job): Promise<void> {
  try {
    await thread.control.cancel(job.id)
  } catch (error) {
    // A dead thread runs nothing; what it ran ends with its loss.
    if (!(error instanceof ThreadLostError)) throw error
  }
}
