import type { ThreadId } from '../../../ids.js'
import { ExchangeBoard } from '../../../pool/blocks/exchange-board.js'
import type { SegmentPool } from '../../../pool/blocks/segments.js'
import type { SegmentGrant } from '../../../pool/protocol.js'

/** The segments into which the threads of an exchange may write, and those among them that were lent for it. */
export interface ExchangeMemory {
  readonly segments: readonly SegmentGrant[]
  readonly lent: ReadonlyMap<ThreadId, readonly SegmentGrant[]>
}

/**
 * The exchange of map outputs between tasks that were sent together. A reader may use an output of which the driver
 * does not know, even one of a dead thread. So the segments of all writers stay until the last task has ended. The
 * board stays too, because a zombie may still write to it.
 */
export class Exchange {
  readonly board: ExchangeBoard
  readonly #memory: ExchangeMemory
  readonly #lent: Map<ThreadId, readonly SegmentGrant[]>
  readonly #over: () => void
  #tasks: number

  constructor(board: ExchangeBoard, memory: ExchangeMemory, tasks: number, over: () => void) {
    this.board = board
    this.#memory = memory
    this.#lent = new Map(memory.lent)
    this.#tasks = tasks
    this.#over = over
  }

  /** The segments that readers need. */
  get segments(): readonly SegmentGrant[] {
    return this.#memory.segments
  }

  /** Takes the segments that were lent to a thread. They must be sent with its first task. */
  takeLent(thread: ThreadId): readonly SegmentGrant[] | undefined {
    const lent = this.#lent.get(thread)
    this.#lent.delete(thread)
    return lent
  }

  /** Marks the entry of a task as abandoned, so that its readers stop waiting. */
  failed(place: number | undefined): void {
    if (place !== undefined) this.board.abandon(place)
  }

  /** Called when the task can no longer access memory. After the last task, the board is reused. */
  ended(place: number | undefined): void {
    this.failed(place)
    if (--this.#tasks === 0) this.#over()
  }
}

/** Creates exchanges, and reuses their boards. */
export class Exchanges {
  readonly #pool: SegmentPool
  readonly #boards: ExchangeBoard[] = []

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  /** Starts an exchange of `tasks` tasks in these threads. `lend` returns free segments for a thread. */
  begin(
    tasks: number,
    threads: readonly ThreadId[],
    lend: (thread: ThreadId) => readonly SegmentGrant[] | undefined,
  ): Exchange {
    const lent = new Map<ThreadId, readonly SegmentGrant[]>()
    for (const thread of threads) {
      const grants = lend(thread)
      if (grants) lent.set(thread, grants)
    }
    // A single thread reads only its own outputs.
    const segments = threads.length === 1 ? [] : threads.flatMap((thread) => [...this.#pool.writtenBy(thread)])
    for (const { id } of segments) this.#pool.retain(id)
    const board = this.#boards.pop() ?? new ExchangeBoard()
    board.clear()
    return new Exchange(board, { segments, lent }, tasks, () => {
      for (const { id } of segments) this.#pool.release(id)
      this.#boards.push(board)
    })
  }
}
