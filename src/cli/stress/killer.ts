import { setTimeout as wait } from 'node:timers/promises'
import { engineOf } from '../../engine/engine-of.js'
import type { StreamingContext, ThreadLostError } from '../../index.js'
import { isFault, type Mode } from './modes.js'
import type { StressParams } from './pipelines/params.js'
import { arm, disarm, type Fault, type FaultMemory, isArmed, PLACES, takenAt } from './tripwire.js'

type Pool = NonNullable<ReturnType<typeof engineOf>['pool']>
type Thread = ReturnType<Pool['threads']>[number]

/** A kill that was carried out. */
export interface Kill {
  readonly mode: Mode
  /** Time of the kill, in ms of performance.now(). */
  readonly at: number
  readonly threads: number
}

/**
 * Longest delay in ms before a booting thread is killed. A thread boots in 50 to 100 ms, so the kill comes in the
 * middle.
 */
const DURING_BOOT_MS = 40

/** Calls of the tripwire before a fault, as a multiple of a batch's records, so that the fault comes in mid-task. */
const MOST_PASSES = 4

/** Kills threads by mode. The draw and the living threads determine which. */
export class Killer {
  readonly #ssc: StreamingContext
  readonly #mode: Mode
  readonly #faults: FaultMemory
  readonly #mostPasses: number
  /** Threads killed before. On a busy machine a thread takes a while to die, which is no second kill. */
  readonly #killed = new WeakSet<Thread>()
  /** True from the arming of a fault until the batch that it delays is complete. */
  #pending: { readonly fault: Fault; told: boolean } | undefined

  constructor(ssc: StreamingContext, mode: Mode, { faults, mean }: StressParams) {
    this.#ssc = ssc
    this.#mode = mode
    this.#faults = faults
    this.#mostPasses = MOST_PASSES * mean
  }

  /** Kills. Resolves when the threads are dead; with undefined if there was no thread to kill. */
  async kill(pick: number): Promise<Kill | undefined> {
    const mode = this.#mode
    if (isFault(mode)) {
      this.#arm(mode, pick)
      return undefined
    }
    const at = performance.now()
    if (mode === 'boot') return this.#killBooting(at, pick)
    const victims = this.#victims(mode, pick)
    await this.#end(victims)
    return victims.length > 0 ? { mode, at, threads: victims.length } : undefined
  }

  /** Call when a thread is lost or a task fails. Returns the kill behind it, once for each fault that has fired. */
  faultTaken(): Kill | undefined {
    const pending = this.#pending
    if (!pending || pending.told || isArmed(this.#faults)) return undefined
    pending.told = true
    const { fault } = pending
    return { mode: fault, at: takenAt(this.#faults), threads: fault === 'throw' ? 0 : 1 }
  }

  /** Call when the batch that the fault delayed is complete: another fault may be armed. */
  recovered(): void {
    if (this.#pending?.told) this.#pending = undefined
  }

  /** Disarms: no fault fires from here on. */
  close(): void {
    if (disarm(this.#faults)) this.#pending = undefined
  }

  /**
   * One fault at a time: a second fault in one task is its second failure, and four failures fail the job by design.
   */
  #arm(fault: Fault, pick: number): void {
    if (this.#pending) return
    this.#pending = { fault, told: false }
    const place = PLACES[Math.floor(pick * PLACES.length)]!
    arm(this.#faults, fault, place, Math.floor(((pick * PLACES.length) % 1) * this.#mostPasses))
  }

  #victims(mode: Mode, pick: number): Thread[] {
    if (mode === 'all') return this.#threads()
    const ready = this.#threads().filter(({ state }) => state === 'ready')
    const first = Math.floor(pick * ready.length)
    const count = Math.min(mode === 'two' ? 2 : 1, ready.length)
    return Array.from({ length: count }, (_, i) => ready[(first + i) % ready.length]!)
  }

  /** Kills a thread so that another boots, and then kills the booting one. */
  async #killBooting(at: number, pick: number): Promise<Kill | undefined> {
    const victims = this.#victims('one', pick)
    await this.#end(victims)
    await wait(pick * DURING_BOOT_MS)
    const booting = this.#threads().filter(({ state }) => state === 'booting')
    await this.#end(booting)
    const threads = victims.length + booting.length
    return threads > 0 ? { mode: 'boot', at, threads } : undefined
  }

  #threads(): Thread[] {
    const threads = engineOf(this.#ssc).pool?.threads() ?? []
    return threads.filter((thread) => !this.#killed.has(thread))
  }

  #end(threads: readonly Thread[]): Promise<ThreadLostError[]> {
    return Promise.all(
      threads.map((thread) => {
        this.#killed.add(thread)
        // From outside and without notice to the pool, like a crash.
        void thread.worker.terminate()
        return thread.exited
      }),
    )
  }
}
