import type { Speculation } from '../../options.js'
import type { Task } from '../task.js'
import type { ThreadTable } from '../thread-table.js'

/** Finds tasks that are far behind their stage. */
export class Stragglers {
  readonly #threads: ThreadTable
  readonly #speculation: Speculation | undefined
  #late: Task[] = []

  constructor(threads: ThreadTable, speculation: Speculation | undefined) {
    this.#threads = threads
    this.#speculation = speculation
  }

  /** Compares the running tasks with the finished ones of their stages. */
  look(now: number): void {
    if (!this.#speculation) return
    const { quantile, multiplier, minMs } = this.#speculation
    this.#late = []
    for (const { messages } of this.#threads.inSlots) {
      const attempt = messages[0]?.[0]
      if (!attempt) continue
      const { runTimes, tasks } = attempt.task.spec.stage
      if (runTimes.length === 0 || runTimes.length < tasks * quantile) continue
      const median = [...runTimes].sort((a, b) => a - b)[runTimes.length >> 1]!
      if (now - attempt.startedAt > Math.max(minMs, median * multiplier) && isAlone(attempt))
        this.#late.push(attempt.task)
    }
  }

  next(): Task | undefined {
    for (let task = this.#late.shift(); task; task = this.#late.shift())
      if (!task.settled && task.live === 1) return task
    return undefined
  }
}

/** Whether a second attempt may run elsewhere: none runs or waits there yet, and no state would have to be rebuilt there. */
export function isAlone({
  task,
  planned,
  isRecalled,
}: {
  readonly task: Task
  readonly planned: { readonly states: readonly unknown[] }
  readonly isRecalled?: boolean
}): boolean {
  return !isRecalled && !task.settled && task.live === 1 && planned.states.length === 0
}
