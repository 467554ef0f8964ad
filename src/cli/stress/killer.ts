import { setTimeout as wait } from 'node:timers/promises'
import { localEngineOf } from '../../engine/local/local-engine-of.js'
import type { StreamingContext, ThreadLostError } from '../../index.js'
import { isFault, type Mode } from './modes.js'
import type { StressParams } from './pipelines/params.js'
import { arm, disarm, type Fault, type FaultMemory, isArmed, PLACES, takenAt } from './tripwire.js'

type Pool = NonNullable<ReturnType<typeof localEngineOf>['pool']>
type Thread = ReturnType<Pool['threads']>[number]

/** A kill that was carried out. */
export interface Kill {
  readonly mode: Mode
  /** Time of the kill, on the scale of performance.now(). */
  readonly at: number
  readonly threads: number
}

/** The longest delay before a booting thread is killed, in ms. A boot takes 50 to 100 ms, so the kill interrupts it. */
const DURING_BOOT_MS = 40

/**
 * The most passes of the tripwire before a fault, as a multiple of a batch's records. The fault then comes in the
 * middle of a task.
 */
const MOST_PASSES = 4

/** Kills threads. The mode, a random draw and the living threads determine which ones. */
export class Killer {
  readonly #ssc: StreamingContext
  readonly #mode: Mode
  readonly #faults: FaultMemory
  readonly #mostPasses: number
  /** Threads that were killed before. On a busy machine a thread takes a while to die; it must not be killed twice. */
  readonly #killed = new WeakSet<Thread>()
  /** The armed fault, until the batch that it delays is complete. */
  #pending: { readonly fault: Fault; isReported: boolean } | undefined

  constructor(ssc: StreamingContext, mode: Mode, { faults, mean }: StressParams) {
    this.#ssc = ssc
    this.#mode = mode
    this.#faults = faults
    this.#mostPasses = MOST_PASSES * mean
  }

  /**
   * Kills threads. Resolves when they are dead, with undefined if there was none to kill. In a fault mode, arms the
   * fault only.
   */
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

  /** Returns the kill behind a lost thread or a failed task; once for each fault that has fired. */
  faultTaken(): Kill | undefined {
    const pending = this.#pending
    if (!pending || pending.isReported || isArmed(this.#faults)) return undefined
    pending.isReported = true
    const { fault } = pending
    return { mode: fault, at: takenAt(this.#faults), threads: fault === 'throw' ? 0 : 1 }
  }

  /** Allows the next fault. Call it when the batch that the last fault delayed is complete. */
  recovered(): void {
    if (this.#pending?.isReported) this.#pending = undefined
  }

  /** Disarms the fault: none fires from here on. */
  close(): void {
    if (disarm(this.#faults)) this.#pending = undefined
  }

  /**
   * Arms a fault unless one is pending. A second fault in one task would be its second failure, and four failures fail
   * the job by design.
   */
  #arm(fault: Fault, pick: number): void {
    if (this.#pending) return
    this.#pending = { fault, isReported: false }
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
    const threads = localEngineOf(this.#ssc).pool?.threads() ?? []
    return threads.filter((thread) => !this.#killed.has(thread))
  }

  #end(threads: readonly Thread[]): Promise<ThreadLostError[]> {
    return Promise.all(
      threads.map((thread) => {
        this.#killed.add(thread)
        // Bypasses the pool, like a crash.
        void thread.worker.terminate()
        return thread.exited
      }),
    )
  }
}
