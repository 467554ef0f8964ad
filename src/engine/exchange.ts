import { ExchangeBoard } from '../pool/blocks/exchange-board.js'
import type { SegmentPool } from '../pool/blocks/segments.js'
import type { SegmentGrant } from '../pool/protocol.js'

/** What the threads of an exchange may write into, and what of it they were lent for it. */
export interface ExchangeMemory {
  readonly segments: readonly SegmentGrant[]
  readonly lent: ReadonlyMap<number, readonly SegmentGrant[]>
}

/**
 * Tasks that are sent together, of which some read what others write. A reader may have a thread's output before the
 * driver has heard of it, and after the thread is dead: so the segments of all writers stay as long as any of the tasks
 * may still run. So does the board, to which a thread that is dead for the pool may still write.
 */
export class Exchange {
  readonly board: ExchangeBoard
  readonly #memory: ExchangeMemory
  readonly #lent: Map<number, readonly SegmentGrant[]>
  readonly #over: () => void
  #tasks: number

  constructor(board: ExchangeBoard, memory: ExchangeMemory, tasks: number, over: () => void) {
    this.board = board
    this.#memory = memory
    this.#lent = new Map(memory.lent)
    this.#tasks = tasks
    this.#over = over
  }

  /** Memory in which a reader may find what it reads. */
  get segments(): readonly SegmentGrant[] {
    return this.#memory.segments
  }

  /** What the thread was lent, to be told with its first task. */
  takeLent(thread: number): readonly SegmentGrant[] | undefined {
    const lent = this.#lent.get(thread)
    this.#lent.delete(thread)
    return lent
  }

  /** Nothing more comes of the task; who waits for its output need not wait any longer. */
  failed(place: number | undefined): void {
    if (place !== undefined) this.board.giveUp(place)
  }

  /** The task touches nothing any more. */
  ended(place: number | undefined): void {
    this.failed(place)
    if (--this.#tasks === 0) this.#over()
  }
}

/** Makes exchanges, of boards that are used again. */
export class Exchanges {
  readonly #pool: SegmentPool
  readonly #boards: ExchangeBoard[] = []

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  /** Of so many tasks, which run in these threads: `lend` is asked for each. */
  begin(
    tasks: number,
    threads: readonly number[],
    lend: (thread: number) => readonly SegmentGrant[] | undefined,
  ): Exchange {
    const lent = new Map<number, readonly SegmentGrant[]>()
    for (const thread of threads) {
      const grants = lend(thread)
      if (grants) lent.set(thread, grants)
    }
    // A thread alone reads only what it has written itself.
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
