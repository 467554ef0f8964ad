import type { ThreadLostError } from '../../errors.js'
import type { SegmentLending } from '../../pool/blocks/segment-lending.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import type { PoolThread } from '../../pool/pool-thread.js'
import type { SupervisorEvents } from '../../pool/supervisor.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { Events } from '../events/events.js'
import type { EventLoop } from '../scheduler/event-loop.js'
import type { ProgramTable } from '../scheduler/program-table.js'
import type { StateTracker } from '../state/state-tracker.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { Broadcasts } from '../storage/broadcasts.js'
import type { StateSpills } from '../storage/state-spills.js'
import type { PoolRestoration } from './pool-restoration.js'
import type { TakeOver } from './take-over.js'

export interface ThreadChangesOptions {
  readonly events: Events
  readonly segments: SegmentPool
  readonly blocks: BlockManager
  readonly states: StateTracker
  readonly stateSpills: StateSpills
  readonly broadcasts: Broadcasts
  readonly lending: SegmentLending
  readonly programs: ProgramTable
  readonly restoration: PoolRestoration
}

/** The parts that exist when the pool is open. */
export interface OpenPool {
  readonly pool: ThreadPool
  readonly loop: EventLoop
  readonly takeOver: TakeOver
}

/** Updates the engine when a thread starts, takes a slot, dies or exits. All steps are here, in order. */
export class ThreadChanges implements Required<Omit<SupervisorEvents, 'onBootFailed'>> {
  readonly #options: ThreadChangesOptions
  #open: OpenPool | undefined

  constructor(options: ThreadChangesOptions) {
    this.#options = options
  }

  /** From now on tasks run. Threads that were lost earlier owned nothing. */
  opened(open: OpenPool): void {
    this.#open = open
  }

  onThreadReady(thread: PoolThread): void {
    const { id, slot } = thread
    const { events, lending, restoration } = this.#options
    lending.addThread(id)
    events.emit('threadReady', { thread: id, slot })
    this.#replenish()
    // The spare, and a thread that replaces another, must still compile the code that the others ran.
    this.#open?.loop.threadReady(thread, slot < 0 || restoration.isRunning)
  }

  onPromoted(thread: PoolThread): void {
    this.#options.events.emit('threadPromoted', { thread: thread.id, slot: thread.slot })
    this.#replenish()
    this.#open?.loop.threadPromoted(thread)
  }

  /**
   * A thread is dead, but may still run until `onThreadGone`, because a native call cannot be interrupted. The order of
   * steps matters:
   *
   * 1. State first. No plan made from now on may be pinned to the dead thread.
   * 2. The records of programs, broadcasts and segments that were sent to the thread: its number is never used again.
   * 3. Blocks. Each block gets another owner, or a copy replaces it. Blocks with neither become gaps in their shuffles
   * and datasets, which the next plan detects. So this must precede any planning by the scheduler.
   * 4. Events. Listeners see the state of the engine after the loss.
   * 5. Verification. The new owners verify checksums, because the thread may have died while it overwrote its blocks.
   * Their answers arrive later; a corrupt block is then lost like any other.
   * 6. The scheduler. It plans the thread's tasks again: see scheduler/thread-loss.ts. It sends new attempts at the end
   * of the turn, when the spare has taken the slot.
   */
  onThreadLost(dead: PoolThread, error: ThreadLostError): void {
    const { id: thread, slot } = dead
    const { states, programs, broadcasts, lending, blocks, events, restoration } = this.#options
    states.dropHolder(thread)

    programs.forgetThread(thread)
    broadcasts.forgetThread(thread)
    lending.forgetWriter(thread)

    const { lost, adopted } = blocks.removeOwner(thread)

    events.emit('threadLost', { thread, slot, reason: error.reason, error })
    if (lost > 0) events.emit('blocksLost', { thread, blocks: lost, recomputable: lost })

    if (!this.#open) return
    const { pool, loop, takeOver } = this.#open
    takeOver.start(adopted)
    restoration.begin(pool)

    loop.threadLost(dead, error)
  }

  /** The thread has exited: nothing writes to its segments any more, so they can be reused. */
  onThreadGone({ id }: PoolThread): void {
    this.#options.segments.threadGone(id)
    this.#options.stateSpills.threadGone(id)
    this.#open?.loop.post({ type: 'ThreadExited', thread: id })
  }

  /** No thread can be started, so tasks that wait for one fail. */
  onStranded(loss: ThreadLostError): void {
    this.#open?.loop.post({ type: 'Stranded', loss })
  }

  /** Assigns the new thread to blocks with too few owners. */
  #replenish(): void {
    this.#open?.takeOver.start(this.#options.blocks.replenish())
  }
}
