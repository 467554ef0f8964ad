import { randomUUID } from 'node:crypto'
import type { DataWriter, WriteContext } from '../ops/sink.js'
import type { RetryingClient } from './retrying-client.js'

/** The number of messages that one request publishes, and whose acknowledgements it awaits. */
const IN_FLIGHT = 500

/** How to publish messages to one system. */
export interface MessageKind<C, M> {
  readonly client: RetryingClient<C>
  /** The first part of every message id, so that two applications never share an id. */
  readonly application: string
  /** Converts a record. @throws DataError if the record cannot be a message. */
  toMessage(record: unknown): M
  /** Resolves when the system has acknowledged all messages. */
  publish(client: C, messages: readonly (M & WithId)[]): Promise<void>
}

/** `id` is the same in each attempt of a batch, so the system or its subscribers can drop duplicates. */
export interface WithId {
  readonly id: string
}

/** Publishes a partition, and waits for the acknowledgement of each message. */
export class MessageWriter<C, M extends object> implements DataWriter {
  readonly #kind: MessageKind<C, M>
  readonly #signal: AbortSignal
  /** The common part of the ids. Outside of batches it is random, so duplicates cannot be recognised. */
  readonly #id: string
  #open: (M & WithId)[] = []
  #written = 0

  constructor(kind: MessageKind<C, M>, { signal, time, output = '', partition }: WriteContext) {
    this.#kind = kind
    this.#signal = signal
    this.#id = `${kind.application}.${output}.${time ?? randomUUID()}.${partition}`
  }

  async write(records: readonly unknown[]): Promise<void> {
    for (const record of records) {
      const id = `${this.#id}.${this.#written + this.#open.length}`
      this.#open.push({ ...this.#kind.toMessage(record), id })
      if (this.#open.length >= IN_FLIGHT) await this.#send()
    }
  }

  async commit(): Promise<number> {
    if (this.#open.length > 0) await this.#send()
    return this.#written
  }

  /**
   * Publishes the open messages. If a connection breaks before their acknowledgement, they are sent again with the same
   * ids.
   */
  async #send(): Promise<void> {
    const messages = this.#open
    await this.#kind.client.run(this.#signal, (client) => this.#kind.publish(client, messages))
    this.#written += messages.length
    this.#open = []
  }
}

/**
 * Returns a text or bytes as `{ value }`, an object with such a `value` unchanged, and undefined for any other record.
 */
export function asMessage<M extends { readonly value: string | Uint8Array }>(record: unknown): Partial<M> | undefined {
  if (typeof record === 'string' || record instanceof Uint8Array) return { value: record } as Partial<M>
  const { value } = (typeof record === 'object' && record !== null ? record : {}) as Partial<M>
  return typeof value === 'string' || value instanceof Uint8Array ? (record as M) : undefined
}
