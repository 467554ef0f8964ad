import type { ThreadId } from '../../ids.js'
import type { Attempt } from './task.js'
import type { SchedulerThread, ThreadTable } from './thread-table.js'

const MOST_MS = 1000
const LEAST_MS = 10

/**
 * Finds threads whose task makes no progress. Threads count their progress in shared memory, so they need not answer.
 */
export class Standstill {
  /** Time between two checks, in ms. */
  readonly period: number
  readonly #threads: ThreadTable
  readonly #timeoutMs: number
  /** For each thread: the last observed progress, the attempt that it ran, and for how many ms neither has changed. */
  readonly #seen = new Map<ThreadId, { attempt: Attempt; progress: number; stillMs: number }>()
  #lookedAt = 0

  constructor(threads: ThreadTable, timeoutMs: number, shortestMs: number) {
    this.#threads = threads
    this.#timeoutMs = timeoutMs
    this.period = Math.max(LEAST_MS, Math.min(MOST_MS, Math.min(timeoutMs, shortestMs) / 4))
  }

  start(now: number): void {
    this.#lookedAt = now
    this.#seen.clear()
  }

  /** Returns the threads that have made no progress for longer than the timeout. */
  look(progress: ReadonlyMap<ThreadId, number>, now: number): SchedulerThread[] {
    // A late check was itself delayed, perhaps with the whole process (SIGSTOP, a busy machine). Tasks had no chance to
    // progress meanwhile, so only a part of that time counts.
    const passed = Math.min(now - this.#lookedAt, 2 * this.period)
    this.#lookedAt = now
    for (const id of this.#seen.keys()) if (!this.#threads.get(id)?.messages.length) this.#seen.delete(id)
    return this.#threads.all.filter((thread) => this.#isStuck(thread, progress.get(thread.id) ?? 0, passed))
  }

  #isStuck({ id, messages }: SchedulerThread, progress: number, passed: number): boolean {
    const attempt = messages[0]?.[0]
    if (!attempt) return false
    const seen = this.#seen.get(id)
    if (seen?.attempt !== attempt || seen.progress !== progress) {
      this.#seen.set(id, { attempt, progress, stillMs: 0 })
      return false
    }
    seen.stillMs += passed
    return seen.stillMs > this.#timeoutMs
  }
}
