import { setTimeout as wait } from 'node:timers/promises'
import type { StreamingContext, ThreadLostError } from '../../index.js'
import { isFault, type Mode } from './modes.js'
import type { StressParams } from './pipelines/params.js'
import { arm, disarm, type Fault, type FaultMemory, isArmed, PLACES, takenAt } from './tripwire.js'

type Pool = NonNullable<StreamingContext['context']['engine']['pool']>
type Thread = ReturnType<Pool['threads']>[number]

/** A kill that was carried out. */
export interface Kill {
  readonly mode: Mode
  /** When, in ms of performance.now(). */
  readonly at: number
  readonly threads: number
}

/** A thread takes 50 to 100 ms to boot: a kill after less than this lands in the middle of it. */
const DURING_BOOT_MS = 40

/** Passes of its place before a fault comes, as a multiple of a batch's records: so that it is in the middle of something. */
const MOST_PASSES = 4

/** Kills threads as a mode says. Which ones is a matter of the draw and of the threads that are there. */
export class Killer {
  readonly #ssc: StreamingContext
  readonly #mode: Mode
  readonly #faults: FaultMemory
  readonly #mostPasses: number
  /** Killed before: a thread may take a while to die where the machine is busy, and is no second kill. */
  readonly #killed = new WeakSet<Thread>()
  /** From when a fault is armed until the batch that it delayed is complete. */
  #pending: { readonly fault: Fault; told: boolean } | undefined

  constructor(ssc: StreamingContext, mode: Mode, { faults, mean }: StressParams) {
    this.#ssc = ssc
    this.#mode = mode
    this.#faults = faults
    this.#mostPasses = MOST_PASSES * mean
  }

  /** Kills; resolves when the threads are dead, with undefined where nobody was there to kill. */
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

  /** A thread is lost, or a task failed: the kill that this was, once for a fault that has gone off. */
  faultTaken(): Kill | undefined {
    const pending = this.#pending
    if (!pending || pending.told || isArmed(this.#faults)) return undefined
    pending.told = true
    const { fault } = pending
    return { mode: fault, at: takenAt(this.#faults), threads: fault === 'throw' ? 0 : 1 }
  }

  /** The batch that the fault delayed is complete: another fault may come. */
  recovered(): void {
    if (this.#pending?.told) this.#pending = undefined
  }

  /** No fault goes off from here on. */
  close(): void {
    if (disarm(this.#faults)) this.#pending = undefined
  }

  /** One at a time: two faults in one task are its second failure, and four fail the job by design. */
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

  /** Kills one to make another boot, and then whatever boots. */
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
    const threads = this.#ssc.context.engine.pool?.threads() ?? []
    return threads.filter((thread) => !this.#killed.has(thread))
  }

  #end(threads: readonly Thread[]): Promise<ThreadLostError[]> {
    return Promise.all(
      threads.map((thread) => {
        this.#killed.add(thread)
        // From outside and without a word to the pool, as a crash would come.
        void thread.worker.terminate()
        return thread.exited
      }),
    )
  }
}
