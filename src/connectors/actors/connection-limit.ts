import type { Inbox } from './inbox.js'

/** Counts the senders that are connected over the network, and refuses more than the limit. */
export class ConnectionLimit {
  readonly #most: number
  #connected = 0
  #isReported = false

  constructor(most: number) {
    this.#most = most
  }

  /** The text that a refused sender reads. A WebSocket takes 123 bytes. */
  get refusal(): string {
    return `The source serves at most ${this.#most} senders at once (maxConnections). Try again later.`
  }

  /**
   * Counts a sender until its connection closes; false if there are enough. The first refusal is reported, and the
   * next after a sender has left: those who knock without a pause must not fill the log.
   */
  admits(connection: { once(event: 'close', listener: () => void): unknown }, peer: string, inbox: Inbox): boolean {
    if (this.#connected < this.#most) {
      this.#connected++
      connection.once('close', () => {
        this.#connected--
        this.#isReported = false
      })
      return true
    }
    if (!this.#isReported) inbox.report(`${peer} was refused. ${this.refusal}`)
    this.#isReported = true
    return false
  }
}
