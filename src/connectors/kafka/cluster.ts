import { SourceError } from '../../errors.js'
import { retried } from '../retry.js'
import { authenticate, type SaslOptions } from './wire/authenticate.js'
import { type BrokerAddress, BrokerConnection, type ConnectionSettings } from './wire/connection.js'
import { errorName, isTransient } from './wire/error-codes.js'
import { type ClusterMetadata, fetchMetadata, findCoordinator } from './wire/requests.js'
import { partitionKey, type TopicPartition } from './wire/topic-partition.js'
import { findTransactionCoordinator } from './wire/transactions.js'

/** How to reach a cluster. Plain data, because the driver sends it to worker threads. */
export interface ClusterSettings extends ConnectionSettings {
  readonly brokers: readonly BrokerAddress[]
  readonly sasl?: SaslOptions | undefined
  /** How long an operation is retried while brokers restart or partitions change their leaders, in ms. */
  readonly retryMs: number
}

/** The error for an error code of Kafka's protocol. */
export class KafkaCodeError extends SourceError {
  readonly kafkaCode: number
  constructor(what: string, code: number, details: Readonly<Record<string, unknown>> = {}) {
    super(`${what}: ${errorName(code)}.`, { details: { ...details, kafkaCode: code, kafkaError: errorName(code) } })
    this.kafkaCode = code
  }
}

/** Returns `result` if the code is 0. @throws KafkaCodeError for any other code. */
export function checked(code: number, what: string): void
export function checked<T>(code: number, what: string, result: T): T
export function checked<T>(code: number, what: string, result?: T): T | undefined {
  if (code !== 0) throw new KafkaCodeError(what, code)
  return result
}

/**
 * The brokers of a cluster and the leader of each partition. Opens one connection per broker, when it is first needed.
 */
export class KafkaCluster {
  readonly #settings: ClusterSettings
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  readonly #leaders = new Map<string, BrokerAddress>()
  readonly #coordinators = new Map<string, BrokerAddress>()

  constructor(settings: ClusterSettings) {
    this.#settings = settings
  }

  /** Looks up the metadata of these topics, or of all. Asks each of the configured brokers until one answers. */
  async metadata(topics?: readonly string[]): Promise<ClusterMetadata> {
    const failures: Error[] = []
    for (const address of this.#settings.brokers) {
      try {
        const metadata = await fetchMetadata(await this.connection(address), topics)
        this.#noteLeaders(metadata)
        return metadata
      } catch (error) {
        if (isFinal(error)) throw error
        failures.push(error as Error)
      }
    }
    throw failures.length === 1
      ? failures[0]
      : new SourceError(`No Kafka broker can be reached: ${failures.map(({ message }) => message).join(' ')}`, {
          cause: failures[0],
        })
  }

  /**
   * Runs an operation on the broker that leads a partition. Retries it after temporary faults, such as a change of the
   * leader or a lost connection.
   */
  onLeader<T>(
    { topic, partition }: TopicPartition,
    signal: AbortSignal,
    operation: (connection: BrokerConnection) => Promise<T>,
  ): Promise<T> {
    const key = partitionKey({ topic, partition })
    return this.retried(signal, async () => {
      if (!this.#leaders.has(key)) await this.metadata([topic])
      const leader = this.#leaders.get(key)
      if (!leader) throw new KafkaCodeError(`Partition ${partition} of topic '${topic}' has no leader`, 5, { topic })
      try {
        return await operation(await this.connection(leader))
      } catch (error) {
        this.#leaders.delete(key)
        throw error
      }
    })
  }

  /** Runs an operation on the broker that stores the offsets of a group. */
  onCoordinator<T>(
    group: string,
    signal: AbortSignal,
    operation: (connection: BrokerConnection) => Promise<T>,
  ): Promise<T> {
    return this.#onCoordinatorOf(
      `group '${group}'`,
      (connection) => findCoordinator(connection, group),
      signal,
      operation,
    )
  }

  /** Runs an operation on the broker that manages the transactions of an id. */
  onTransactionCoordinator<T>(
    id: string,
    signal: AbortSignal,
    operation: (connection: BrokerConnection) => Promise<T>,
  ): Promise<T> {
    const find = (connection: BrokerConnection) => findTransactionCoordinator(connection, id)
    return this.#onCoordinatorOf(`transactional id '${id}'`, find, signal, operation)
  }

  #onCoordinatorOf<T>(
    what: string,
    find: (connection: BrokerConnection) => Promise<{ readonly code: number; readonly address: BrokerAddress }>,
    signal: AbortSignal,
    operation: (connection: BrokerConnection) => Promise<T>,
  ): Promise<T> {
    return this.retried(signal, async () => {
      let address = this.#coordinators.get(what)
      if (!address) {
        const found = await find(await this.#anyConnection())
        if (found.code !== 0) throw new KafkaCodeError(`The coordinator of ${what}`, found.code)
        address = found.address
        this.#coordinators.set(what, address)
      }
      try {
        return await operation(await this.connection(address))
      } catch (error) {
        this.#coordinators.delete(what)
        throw error
      }
    })
  }

  /** Retries an attempt for at most `retryMs`, while brokers restart or partitions change their leaders. */
  retried<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return retried({ signal, retryMs: this.#settings.retryMs, isFinal }, attempt)
  }

  /** Returns the last known leader of a partition, so that callers can send one request for many partitions. */
  leaderOf(partition: TopicPartition): BrokerAddress | undefined {
    return this.#leaders.get(partitionKey(partition))
  }

  /** Returns the connection to a broker, and opens a new one if the last is closed. */
  async connection(address: BrokerAddress): Promise<BrokerConnection> {
    const key = `${address.host}:${address.port}`
    const known = await this.#connections.get(key)?.catch(() => undefined)
    if (known && !known.isClosed) return known
    const opening = this.#open(address)
    this.#connections.set(key, opening)
    opening.catch(() => undefined)
    return opening
  }

  close(): void {
    for (const opening of this.#connections.values())
      opening.then(
        (connection) => connection.close(),
        () => undefined,
      )
    this.#connections.clear()
  }

  async #anyConnection(): Promise<BrokerConnection> {
    for (const [i, address] of this.#settings.brokers.entries()) {
      try {
        return await this.connection(address)
      } catch (error) {
        if (isFinal(error) || i === this.#settings.brokers.length - 1) throw error
      }
    }
    throw new SourceError('There is no broker to connect to.')
  }

  async #open(address: BrokerAddress): Promise<BrokerConnection> {
    const connection = await BrokerConnection.open(address, this.#settings)
    try {
      if (this.#settings.sasl) await authenticate(connection, this.#settings.sasl)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  #noteLeaders({ brokers, topics }: ClusterMetadata): void {
    for (const { topic, partitions } of topics) {
      for (const { partition, leader } of partitions) {
        const address = brokers.get(leader)
        if (address) this.#leaders.set(partitionKey({ topic, partition }), address)
        else this.#leaders.delete(partitionKey({ topic, partition }))
      }
    }
  }
}

/** Returns whether a retry would fail too: refused credentials, missing rights, a programming error. */
function isFinal(error: unknown): boolean {
  if (error instanceof KafkaCodeError) return !isTransient(error.kafkaCode)
  return !(error instanceof SourceError) || error.details.final === true
}
