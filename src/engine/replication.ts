import type { BlockHandle } from '../pool/blocks/handle.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { ThreadPool } from '../pool/thread-pool.js'
import type { BlockManager } from './block-manager.js'
import type { Events } from './events.js'

/** News that no task carried off goes over the control plane after so long, in ms. */
const NEWS_MS = 50

export interface ReplicationOptions {
  readonly pool: ThreadPool
  readonly blocks: BlockManager
  readonly events: Events
  /** A call was cut short by the death of its thread, which has consequences of its own: nothing to do here. */
  readonly debug: (message: string, cause: unknown) => void
}

/**
 * Brings blocks to further owners over the control plane: take-overs after a death, copies, and news nobody carried. A
 * task may overtake a control call, which has another port: a thread counts as knowing a segment only when its answer is
 * here.
 */
export class Replication {
  readonly #options: ReplicationOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: ReplicationOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#deliverNews(), NEWS_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Bytes of a dead thread are checked by whoever takes them over: it may have died while it scribbled over them. */
  takeOver(adopted: ReadonlyMap<number, readonly BlockHandle[]>): void {
    const { blocks: book, events, debug } = this.#options
    for (const [owner, blocks] of adopted) {
      const thread = this.#thread(owner)
      if (!thread) continue
      const began = performance.now()
      const grants = book.grantsAside(blocks)
      thread.control.adopt(blocks, grants, true).then(
        (corrupt) => {
          book.knows(owner, grants)
          for (const id of corrupt) book.corrupt(id)
          events.emit('blocksReplicated', { blocks: blocks.length - corrupt.length, ms: performance.now() - began })
        },
        (error: unknown) => debug('a take-over of blocks was cut short', error),
      )
    }
  }

  #deliverNews(): void {
    const { blocks, debug } = this.#options
    for (const id of blocks.threadsWithNews()) {
      const thread = this.#thread(id)
      const news = blocks.takeNews(id)
      if (!thread || !news) continue
      const { adopt, copy, release, forget } = news
      const cutShort = (error: unknown) => debug('news for a thread was cut short', error)
      if (copy.length > 0) this.#copy(thread, copy)
      if (adopt.length > 0) {
        const grants = blocks.grantsAside(adopt)
        thread.control.adopt(adopt, grants, false).then(() => blocks.knows(id, grants), cutShort)
      }
      if (release.length > 0 || forget.length > 0) thread.control.release(release, forget).catch(cutShort)
    }
  }

  #copy(thread: PoolThread, originals: readonly BlockHandle[]): void {
    const { blocks: book, events, debug } = this.#options
    const pins = originals.map(({ id }) => id)
    book.pin(pins)
    const began = performance.now()
    const grants = book.grantsAside(originals)
    thread.control.copy(originals, grants).then(
      ({ blocks, memory }) => {
        book.knows(thread.id, grants)
        book.unpin(pins)
        book.accept(thread.id, memory, blocks)
        blocks.forEach((copy, i) => {
          book.copied(originals[i]!, copy, thread.id)
        })
        events.emit('blocksReplicated', { blocks: blocks.length, ms: performance.now() - began })
      },
      (error: unknown) => {
        void thread.gone.then(() => book.unpin(pins))
        debug('copies of blocks were cut short', error)
      },
    )
  }

  #thread(id: number): PoolThread | undefined {
    return this.#options.pool.threads().find((thread) => thread.id === id)
  }
}
