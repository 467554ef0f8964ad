import type { Writable } from 'node:stream'

/** How long the end of a run waits for a reader of stdout that reads nothing, in ms. */
const PATIENCE_MS = 2000
const LOOK_MS = 250

/** The reader of stdout read nothing while the run ended. */
export class BlockedStdoutError extends Error {
  override readonly name = 'BlockedStdoutError'
}

/**
 * Makes writers wait while stdout is full. Output then waits in batches, whose number is limited, and not in this
 * process's memory. After `stopping`, the gate waits at most two seconds for a reader that reads nothing; then writers
 * fail, and the run ends.
 */
export class StdoutGate {
  readonly #stream: Writable
  readonly #patienceMs: number
  #stopping = false

  constructor(stream: Writable, patienceMs = PATIENCE_MS) {
    this.#stream = stream
    this.#patienceMs = patienceMs
  }

  stopping(): void {
    this.#stopping = true
  }

  /**
   * Resolves when the stream accepts more, or is closed. @throws BlockedStdoutError after `stopping`, if nothing is
   * read.
   */
  room(): Promise<void> {
    return this.#until(() => !this.#stream.writableNeedDrain)
  }

  /** Resolves when the stream's buffer is empty, or the stream is closed. @throws BlockedStdoutError as `room` does. */
  empty(): Promise<void> {
    return this.#until(() => this.#stream.writableLength === 0)
  }

  async #until(isDone: () => boolean): Promise<void> {
    let length = this.#stream.writableLength
    let since = performance.now()
    while (!isDone() && !this.#stream.destroyed) {
      await this.#changed()
      const now = performance.now()
      if (!this.#stopping || this.#stream.writableLength < length) since = now
      length = this.#stream.writableLength
      if (now - since <= this.#patienceMs || isDone()) continue
      throw new BlockedStdoutError(
        `stdout has not been read for ${this.#patienceMs / 1000} s while the run was to end: the rest of its output is lost. Read all of stdout, or write outputs elsewhere.`,
      )
    }
  }

  /** Resolves when the stream has written its buffer, when it is closed, or after `LOOK_MS`. */
  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#stream.off('drain', done).off('close', done)
        resolve()
      }
      const timer = setTimeout(done, LOOK_MS)
      this.#stream.on('drain', done).on('close', done)
      if (!this.#stream.writableNeedDrain) this.#stream.write('', done)
    })
  }
}
