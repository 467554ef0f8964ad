import type { Client, QueryResult, QueryResultRow } from 'pg'
import { SourceError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'
import { type RetryPolicy, retried } from '../retry.js'
import { connect, serverOf } from './client.js'
import type { PostgresConnection } from './options.js'

/** SQLSTATEs after which a retry may succeed: the server restarts, has no free connection, or a slot is in use. */
const TRANSIENT = /^(?:08...|57P0[123]|53300|55006)$/

/**
 * Returns whether a retry may succeed: the connection broke or was refused, or the server reports a temporary fault.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof SourceError) return error.details.unreachable === true && isTransient(error.cause)
  const { code, message = '' } = error as { readonly code?: unknown; readonly message?: string }
  if (typeof code === 'string' && (TRANSIENT.test(code) || /^E(?:CONN|PIPE|TIMEDOUT)/.test(code))) return true
  if (error instanceof AggregateError) return error.errors.every(isTransient)
  return /^Connection terminated|not queryable/.test(message)
}

/** Returns the message of an error, with the server's hint if there is one. */
export function reasonOf(cause: unknown): string {
  const { hint } = cause as { readonly hint?: string }
  return hint ? `${messageOf(cause)}. ${hint}` : messageOf(cause)
}

/** A connection of the driver. It opens again after the server was down, and statements are retried until then. */
export class PostgresSession {
  readonly #connection: PostgresConnection
  readonly #policy: RetryPolicy
  #client: Promise<Client> | undefined

  constructor(connection: PostgresConnection, signal: AbortSignal, retryMs: number) {
    this.#connection = connection
    this.#policy = { signal, retryMs, isFinal: (error) => !isTransient(error) }
  }

  /** Connects. Does not retry: if the server cannot be reached at the start, its address is probably wrong. */
  async open(): Promise<void> {
    await this.#connected()
  }

  async query<R extends QueryResultRow>(statement: string, values: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.#retried((client) => client.query<R>(statement, [...values]))
    return rows
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  async #retried<R extends QueryResultRow>(run: (client: Client) => Promise<QueryResult<R>>): Promise<QueryResult<R>> {
    try {
      return await retried(this.#policy, async () => {
        const client = await this.#connected()
        try {
          return await run(client)
        } catch (error) {
          if (isTransient(error)) await this.close()
          throw error
        }
      })
    } catch (cause) {
      if (cause instanceof SourceError || this.#policy.signal.aborted) throw cause
      throw new SourceError(`PostgreSQL at ${serverOf(this.#connection)}: ${reasonOf(cause)}`, { cause })
    }
  }

  #connected(): Promise<Client> {
    if (!this.#client) {
      this.#client = connect(this.#connection)
      this.#client.catch(() => (this.#client = undefined))
    }
    return this.#client
  }
}
