import { JobCancelledError } from '../../../errors.js'

/** Cancelled jobs whose tasks may still arrive: the control port may overtake the port of the tasks. */
const MOST_REMEMBERED = 64

/** Cancels one task, because no caller waits for its job any more. */
export class Cancellation {
  readonly #ends = new Set<(reason: Error) => void>()
  #reason: Error | undefined

  /** Calls `end` when the task is cancelled. Returns a function that unregisters it. */
  onCancel(end: (reason: Error) => void): () => void {
    if (this.#reason) end(this.#reason)
    else this.#ends.add(end)
    return () => this.#ends.delete(end)
  }

  /** @throws JobCancelledError once the task is cancelled. */
  check(): void {
    if (this.#reason) throw this.#reason
  }

  /**
   * Settles like `made`, or rejects when the task is cancelled, because the thread must not wait for calls that ignore
   * their signal.
   */
  race<T>(made: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = this.onCancel(reject)
      made.then(resolve, reject)
      made.then(leave, leave)
    })
  }

  cancel(reason: Error): void {
    this.#reason = reason
    for (const end of this.#ends) end(reason)
    this.#ends.clear()
  }
}

/** The jobs that were cancelled while this thread ran or queued a task of theirs. */
export class CancelledJobs {
  readonly #jobs = new Set<number>()
  #running: { readonly job: number; readonly cancellation: Cancellation } | undefined

  /** Returns the cancellation of a task that starts. */
  begin(job: number): Cancellation {
    const cancellation = new Cancellation()
    if (this.#jobs.has(job)) cancellation.cancel(cancelled(job))
    this.#running = { job, cancellation }
    return cancellation
  }

  end(): void {
    this.#running = undefined
  }

  cancel(job: number): void {
    this.#jobs.add(job)
    const [oldest] = this.#jobs
    if (this.#jobs.size > MOST_REMEMBERED) this.#jobs.delete(oldest!)
    if (this.#running?.job === job) this.#running.cancellation.cancel(cancelled(job))
  }
}

function cancelled(job: number): JobCancelledError {
  return new JobCancelledError(`Job ${job} was cancelled while this task ran.`, { job })
}
