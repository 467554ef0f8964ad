import type { Inbox } from './inbox.js'

/** Counts the network connections of senders, and refuses connections above the limit. */
export class ConnectionLimit {
  readonly #most: number
  #connected = 0
  #isReported = false

  constructor(most: number) {
    this.#most = most
  }

  /** The message to a refused sender. The reason of a closed WebSocket has at most 123 bytes. */
  get refusal(): string {
    return `The source serves at most ${this.#most} senders at once (maxConnections). Try again later.`
  }

  /**
   * Counts a connection until it closes. Returns false if the limit is reached. Reports only the first refusal since a
   * sender left, so that a sender which reconnects without a pause does not fill the log.
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
