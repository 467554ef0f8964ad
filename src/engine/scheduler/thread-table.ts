import type { ThreadId } from '../../ids.js'
import type { Attempt } from './task.js'

/** A thread that takes tasks, or the spare. */
export interface SchedulerThread {
  readonly id: ThreadId
  /** -1: the spare, which runs warm-up copies only. */
  readonly slot: number
  /** Messages that the thread has not answered, in the order of sending. It runs the first. */
  readonly messages: (readonly Attempt[])[]
  /** Attempts that only this thread may run: it has their state, or was idle and is to run a copy. */
  readonly queue: Attempt[]
  /** Whether attempts were taken back from it. It gets no others until it has answered for those. */
  isRecalled: boolean
}

/** The threads that are ready, and the attempts of each. */
export class ThreadTable {
  readonly #threads = new Map<ThreadId, SchedulerThread>()
  #all: readonly SchedulerThread[] = []
  #inSlots: readonly SchedulerThread[] = []

  get(id: ThreadId): SchedulerThread | undefined {
    return this.#threads.get(id)
  }

  /** Threads that accept tasks, in the order of their slots. */
  get inSlots(): readonly SchedulerThread[] {
    return this.#inSlots
  }

  /** All threads that are not dead, the spare first. */
  get all(): readonly SchedulerThread[] {
    return this.#all
  }

  get spare(): SchedulerThread | undefined {
    const [first] = this.#all
    return first && first.slot < 0 ? first : undefined
  }

  /** Whether no thread runs anything. */
  get areIdle(): boolean {
    for (const { messages } of this.#all) if (messages.length > 0) return false
    return true
  }

  /** Called when a thread is ready, or the spare took a slot. Its running and queued attempts stay. */
  place(id: ThreadId, slot: number): void {
    const known = this.#threads.get(id)
    this.#threads.set(id, {
      id,
      slot,
      messages: known?.messages ?? [],
      queue: known?.queue ?? [],
      isRecalled: known?.isRecalled ?? false,
    })
    this.#sort()
  }

  remove(id: ThreadId): SchedulerThread | undefined {
    const thread = this.#threads.get(id)
    this.#threads.delete(id)
    if (thread) this.#sort()
    return thread
  }

  #sort(): void {
    this.#all = [...this.#threads.values()].sort((a, b) => a.slot - b.slot)
    this.#inSlots = this.#all.filter(({ slot }) => slot >= 0)
  }
}
