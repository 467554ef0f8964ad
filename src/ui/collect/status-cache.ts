import type { StreamsStatus } from '../../engine/status/streams-status.js'

const FRESH_MS = 400

/** The status of streams, taken at most every 400 ms however many readers ask. */
export class StatusCache {
  readonly #take: () => Promise<StreamsStatus>
  #taken: Promise<StreamsStatus> | undefined
  #at = Number.NEGATIVE_INFINITY

  constructor(take: () => Promise<StreamsStatus>) {
    this.#take = take
  }

  get(): Promise<StreamsStatus> {
    const now = performance.now()
    if (this.#taken && now - this.#at < FRESH_MS) return this.#taken
    this.#at = now
    const taken = this.#take()
    this.#taken = taken
    taken.catch(() => {
      if (this.#taken === taken) this.#taken = undefined
    })
    return taken
  }
}
