import { type Duration, toMillis } from '../../../ops/time.js'
import { check, checkConnection, type PostgresConnection } from '../options.js'

export interface PostgresChangesOptions {
  readonly connection: PostgresConnection
  /** Logical replication slot. It retains the log until its changes are processed. One application may read a slot. */
  readonly slot: string
  /** Publications whose tables are read. They must exist. */
  readonly publication: string | readonly string[]
  /** Creates the slot if it is missing (`true`). A new slot has no changes from before its creation. */
  readonly createSlot?: boolean
  /** Bytes of the write-ahead log per batch (64 MiB). A larger transaction is a batch of its own. */
  readonly maxBatchBytes?: number
  /** Bytes of the write-ahead log that the slot may retain before a warning (1 GiB). */
  readonly warnSlotBytes?: number
  /** How long statements are retried while the server restarts (30 s). */
  readonly retryTime?: Duration
}

export interface CheckedChangesOptions {
  readonly connection: PostgresConnection
  readonly slot: string
  readonly publications: readonly string[]
  readonly createSlot: boolean
  readonly maxBatchBytes: number
  readonly warnSlotBytes: number
  readonly retryMs: number
}

const NAMES = ['connection', 'slot', 'publication', 'createSlot', 'maxBatchBytes', 'warnSlotBytes', 'retryTime']

/**
 * Checks the options. No message contains the connection, as it may have a password. @throws ArgumentError that names
 * the option.
 */
export function checkChangesOptions(options: PostgresChangesOptions): CheckedChangesOptions {
  check.names(options, NAMES)
  const { slot, publication } = options
  if (typeof slot !== 'string' || !/^[a-z\d_]{1,63}$/.test(slot))
    throw check.wrong('slot', slot, 'a name of at most 63 lower-case letters, digits and underscores')
  const publications = typeof publication === 'string' ? [publication] : publication
  if (!Array.isArray(publications) || publications.length === 0 || !publications.every(isText))
    throw check.wrong('publication', publication, 'the name of a publication or a list of names')
  return {
    connection: checkConnection(options.connection),
    slot,
    publications,
    createSlot: check.boolean('createSlot', options.createSlot ?? true),
    maxBatchBytes: check.integer('maxBatchBytes', options.maxBatchBytes ?? 64 * 1024 * 1024, 1),
    warnSlotBytes: check.integer('warnSlotBytes', options.warnSlotBytes ?? 1024 ** 3, 1),
    retryMs: toMillis(options.retryTime ?? '30s', 'postgres retryTime'),
  }
}

function isText(name: unknown): boolean {
  return typeof name === 'string' && name !== ''
}
