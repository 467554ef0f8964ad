import { setTimeout as wait } from 'node:timers/promises'
import type { TestServer } from './row.js'

const MOST_AT_ONCE = 100

/** A sender that keeps numbers until the other side has taken them, as the channel of an agent does. */
export class PushChannel {
  readonly #deliver: (numbers: readonly number[]) => Promise<void>
  readonly #numbers: number[] = []
  #isBusy = false
  #isClosed = false

  /** `deliver` rejects if the numbers must be sent again. */
  constructor(deliver: (numbers: readonly number[]) => Promise<void>) {
    this.#deliver = deliver
  }

  /** Numbers that the other side has not taken. */
  get waiting(): number {
    return this.#numbers.length
  }

  send(from: number, to: number): void {
    for (let n = from; n < to; n++) this.#numbers.push(n)
    void this.#pump()
  }

  close(): void {
    this.#isClosed = true
  }

  async #pump(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    while (this.#numbers.length > 0 && !this.#isClosed) {
      const part = this.#numbers.slice(0, MOST_AT_ONCE)
      try {
        await this.#deliver(part)
        this.#numbers.splice(0, part.length)
      } catch {
        await wait(20)
      }
    }
    this.#isBusy = false
  }
}

/** The senders of a connector whose source is itself the server. */
export class Senders<P extends object> implements TestServer {
  readonly #channels = new Map<string, PushChannel>()
  readonly #releases: (() => unknown)[] = []

  /** Adds the sender of a place. `release` ends its connections. */
  add(place: P, deliver: (numbers: readonly number[]) => Promise<void>, release: () => unknown): P {
    this.#channels.set(JSON.stringify(place), new PushChannel(deliver))
    this.#releases.push(release)
    return place
  }

  of(place: P): PushChannel {
    return this.#channels.get(JSON.stringify(place))!
  }

  async crash(): Promise<void> {}

  async restart(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of this.#channels.values()) channel.close()
    for (const release of this.#releases) await release()
  }
}
