import { type Duration, toMillis } from '../../../ops/time.js'
import { check, checkConnection, type PostgresConnection } from '../options.js'

export interface PostgresChangesOptions {
  readonly connection: PostgresConnection
  /** The logical replication slot, which keeps the log until its changes are processed. One application reads a slot. */
  readonly slot: string
  /** The publications whose tables are read. They must exist. */
  readonly publication: string | readonly string[]
  /** Whether to create the slot if it is missing (`true`). Changes from before its creation are not in it. */
  readonly createSlot?: boolean
  /** Bytes of the write-ahead log that one batch may span (64 MiB). A larger transaction is a batch of its own. */
  readonly maxBatchBytes?: number
  /** Bytes of the write-ahead log that the slot may hold back before a warning (1 GiB). */
  readonly warnSlotBytes?: number
  /** How long statements are repeated while the server restarts (30 s). */
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

/** @throws ArgumentError that names the option. The connection is not quoted: it may hold a password. */
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
