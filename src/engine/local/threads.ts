import type { ThreadId } from '../../ids.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { ThreadDirectory } from '../storage/thread-directory.js'

/** The threads of an engine, which exist from the first action on. */
export class Threads implements ThreadDirectory {
  readonly #replicas: number
  #pool: ThreadPool | undefined

  constructor(replicas: number) {
    this.#replicas = replicas
  }

  get pool(): ThreadPool | undefined {
    return this.#pool
  }

  /** Called when the pool is open. */
  opened(pool: ThreadPool): void {
    this.#pool = pool
  }

  /** Returns the threads with a slot, and the spare if a block would otherwise have too few owners. */
  owners(): readonly ThreadId[] {
    if (!this.#pool) return []
    const ids = this.#pool.ready().map(({ id }) => id)
    const spare = this.#pool.spare()
    return spare && ids.length < this.#replicas ? [...ids, spare.id] : ids
  }
}
