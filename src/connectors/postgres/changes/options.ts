import { ArgumentError } from '../../../errors.js'
import { type Duration, toMillis } from '../../../ops/time.js'
import { checkConnection, checkNames, type PostgresConnection, wrong } from '../options.js'

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
  checkNames(options, NAMES, '{ connection, slot, publication }')
  const { slot, publication, createSlot = true, maxBatchBytes = 64 * 1024 * 1024, warnSlotBytes = 1024 ** 3 } = options
  if (typeof slot !== 'string' || !/^[a-z\d_]{1,63}$/.test(slot))
    throw wrong('slot', slot, 'a name of at most 63 lower-case letters, digits and underscores')
  const publications = typeof publication === 'string' ? [publication] : publication
  if (
    !Array.isArray(publications) ||
    publications.length === 0 ||
    !publications.every((name) => name && typeof name === 'string')
  )
    throw wrong('publication', publication, 'the name of a publication or a list of names')
  if (typeof createSlot !== 'boolean') throw wrong('createSlot', createSlot, 'true or false')
  for (const [name, bytes] of Object.entries({ maxBatchBytes, warnSlotBytes }))
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw new ArgumentError(`postgres: ${name} is ${String(bytes)}; use a whole number of bytes of at least 1.`)
  return {
    connection: checkConnection(options.connection),
    slot,
    publications,
    createSlot,
    maxBatchBytes,
    warnSlotBytes,
    retryMs: toMillis(options.retryTime ?? '30s', 'postgres retryTime'),
  }
}
