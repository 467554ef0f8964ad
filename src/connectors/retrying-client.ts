import { MillraceError } from '../errors.js'
import { until } from '../ops/wait.js'
import { retried } from './retry.js'

/** How to connect to one system, and to disconnect. */
export interface ClientKind<C> {
  connect(): Promise<C>
  disconnect(client: C): void
  /** Converts an error for the user. Only a MillraceError with `details.unreachable: true` is retried. */
  explain(error: unknown): unknown
  /** How long an operation is retried while the server cannot be reached, in ms. */
  readonly retryMs: number
}

/** One connection to a server. It opens at the first operation, and opens again after it broke. */
export class RetryingClient<C> {
  readonly #kind: ClientKind<C>
  #client: Promise<C> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kind: ClientKind<C>) {
    this.#kind = kind
  }

  /**
   * Runs an operation, and repeats it for up to `retryMs` while the server cannot be reached. The operation must be
   * idempotent.
   */
  run<T>(signal: AbortSignal, operation: (client: C) => Promise<T>): Promise<T> {
    const isFinal = (error: unknown) => !isUnreachable(error)
    return retried({ signal, retryMs: this.#kind.retryMs, isFinal }, async () => {
      const result = await until(this.#attempt(operation), signal).catch((error: unknown) => {
        signal.throwIfAborted()
        throw error
      })
      signal.throwIfAborted()
      return result as T
    })
  }

  /**
   * Runs an operation whose commands must not interleave with those of another. The next operation waits for its end,
   * even if the task of the first was cancelled.
   */
  runAlone<T>(signal: AbortSignal, operation: (client: C) => Promise<T>): Promise<T> {
    return this.run(signal, (client) => {
      const result = this.#turn.then(() => operation(client))
      this.#turn = result.catch(() => undefined)
      return result
    })
  }

  close(): void {
    if (this.#client) this.#forget(this.#client)
  }

  async #attempt<T>(operation: (client: C) => Promise<T>): Promise<T> {
    this.#client ??= this.#kind.connect()
    const client = this.#client
    client.catch(() => this.#forget(client))
    try {
      return await operation(await client)
    } catch (cause) {
      const error = cause instanceof MillraceError ? cause : this.#kind.explain(cause)
      // The state of the connection is unknown now, so the next attempt opens another.
      if (isUnreachable(error)) this.#forget(client)
      throw error
    }
  }

  #forget(client: Promise<C>): void {
    if (this.#client === client) this.#client = undefined
    client.then((open) => this.#kind.disconnect(open)).catch(() => undefined)
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof MillraceError && error.details.unreachable === true
}
