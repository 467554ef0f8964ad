import type { ClusterStatus } from '../engine/status/streams-status.js'

/** Knows the executors. */
export interface ClusterSource {
  cluster(): Promise<ClusterStatus>
}

/** The executors of a cluster as they were last. A status does not wait for an answer, so it shows that of the previous question. */
export class ClusterWatch {
  #newest: ClusterStatus = { ui: undefined, executors: [] }
  #isAsking = false

  get newest(): ClusterStatus {
    return this.#newest
  }

  /** Asks, unless an answer is due. */
  refresh(source: ClusterSource): void {
    if (this.#isAsking) return
    this.#isAsking = true
    const answered = () => {
      this.#isAsking = false
    }
    // Without a JVM there is no answer, and jobs report that.
    source.cluster().then((status) => {
      this.#newest = status
      answered()
    }, answered)
  }
}
