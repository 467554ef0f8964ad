import { append } from '../ops/append.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { SegmentPool } from '../pool/blocks/segments.js'
import type { SegmentGrant } from '../pool/protocol.js'

/** News for a thread's block store; it travels with the next task, or by the control plane if none comes. */
export interface ThreadNews {
  readonly adopt: BlockHandle[]
  /** To be copied into memory of the thread's own: only the control plane can do that. */
  readonly copy: BlockHandle[]
  readonly release: number[]
  readonly forget: number[]
}

/** What each thread has yet to be told, and which segments it knows. */
export class NewsDesk {
  readonly #pool: SegmentPool
  readonly #news = new Map<number, ThreadNews>()
  readonly #known = new Map<number, Set<number>>()

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  of(thread: number): ThreadNews {
    let news = this.#news.get(thread)
    if (!news) {
      news = { adopt: [], copy: [], release: [], forget: [] }
      this.#news.set(thread, news)
    }
    return news
  }

  /** The news of a thread; the list is empty afterwards. */
  take(thread: number): ThreadNews | undefined {
    const news = this.#news.get(thread)
    this.#news.delete(thread)
    return news
  }

  waiting(): number[] {
    return [...this.#news.keys()]
  }

  /** The segments among these that `thread` does not know yet; from now on it does. */
  grants(thread: number, segments: readonly number[]): SegmentGrant[] {
    const known = this.#knownTo(thread)
    const grants: SegmentGrant[] = []
    for (const segment of segments) {
      if (known.has(segment)) continue
      known.add(segment)
      grants.push({ id: segment, memory: this.#pool.memory(segment) })
    }
    return grants
  }

  /**
   * All segments of these, for a call on the control plane: such a call and the thread's tasks overtake each other, so
   * it can count on nothing that a task brings, nor a task on what it brings before it is answered (then: `knows`).
   */
  grantsAside(blocks: readonly BlockHandle[]): SegmentGrant[] {
    const segments = new Set(blocks.map(({ segment }) => segment))
    return [...segments].map((id) => ({ id, memory: this.#pool.memory(id) }))
  }

  /** The thread has this segment. If it was dropped on the way, the thread is to forget it again. */
  knows(thread: number, segment: number): void {
    if (this.#pool.has(segment)) this.#knownTo(thread).add(segment)
    else this.of(thread).forget.push(segment)
  }

  /** Tells threads to forget the segments that the pool has dropped, or their memory would stay. */
  dropped(): void {
    const dropped = this.#pool.takeDropped()
    if (dropped.length === 0) return
    for (const [thread, known] of this.#known) {
      const forget = dropped.filter((id) => known.delete(id))
      if (forget.length > 0) append(this.of(thread).forget, forget)
    }
  }

  threadLost(thread: number): void {
    this.#news.delete(thread)
    this.#known.delete(thread)
  }

  #knownTo(thread: number): Set<number> {
    let known = this.#known.get(thread)
    if (!known) {
      known = new Set()
      this.#known.set(thread, known)
    }
    return known
  }
}
