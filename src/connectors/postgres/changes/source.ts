import { SourceError } from '../../../errors.js'
import type { DirectBatch, DirectReader, DirectSource } from '../../../ops/source.js'
import { PACKAGE_ROOT } from '../../../package-root.js'
import { serverOf } from '../client.js'
import { PostgresSession } from '../session.js'
import { formatLsn, isLsn, parseLsn } from './lsn.js'
import { type CheckedChangesOptions, checkChangesOptions, type PostgresChangesOptions } from './options.js'
import type { PostgresChange } from './pgoutput.js'
import { type ChangeRange, mustBeHeld } from './reader.js'

interface Slot {
  readonly plugin: string | null
  readonly here: boolean
  readonly confirmed: string
  /** The end of the log that is on disk. */
  readonly end: string
  /** Bytes of the log that the slot retains. */
  readonly held: string | null
  readonly status: string | null
}

const SLOT = `SELECT plugin, database = current_database() AS here, confirmed_flush_lsn::text AS confirmed,
  pg_current_wal_flush_lsn()::text AS "end", pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn)::text AS held,
  wal_status AS status FROM pg_replication_slots WHERE slot_name = $1`
const CREATE_SLOT = "SELECT pg_create_logical_replication_slot($1, 'pgoutput')"
const MOVE_SLOT = `SELECT pg_replication_slot_advance(slot_name, $2::pg_lsn) FROM pg_replication_slots
  WHERE slot_name = $1 AND confirmed_flush_lsn < $2::pg_lsn`
const PUBLICATIONS = 'SELECT pubname AS name FROM pg_publication WHERE pubname = ANY ($1)'

/**
 * Reads inserted, updated and deleted rows of the tables of a publication, in the order of commits, through a logical
 * replication slot. A batch contains complete transactions. The slot advances after the outputs of a batch succeeded;
 * with checkpoints, after a checkpoint contains the batch. So PostgreSQL retains what a restarted process needs.
 */
export function postgresChangesSource(options: PostgresChangesOptions): DirectSource<ChangeRange, PostgresChange> {
  const checked = checkChangesOptions(options)
  return {
    kind: 'direct',
    name: `postgres slot ${checked.slot}@${serverOf(checked.connection)}`,
    reader: {
      module: new URL('connectors/postgres/changes/reader.js', PACKAGE_ROOT).href,
      export: 'changesReader',
      options: checked,
    },
    create: () => new ChangesDriver(checked),
    checkPosition: (position) => {
      if (!isLsn(position)) throw new TypeError(`is ${String(position)}, which is no position of a log`)
    },
  }
}

class ChangesDriver implements DirectReader<ChangeRange> {
  readonly #options: CheckedChangesOptions
  readonly #session: PostgresSession
  readonly #abort = new AbortController()
  /** The positions to which the slot may advance, by the batch time that must be complete first. */
  readonly #ends = new Map<number, string>()
  #next = '0/0'
  /** The position at which reading ends; undefined if the stream has no end. */
  #end: string | undefined
  #warned = false

  constructor(options: CheckedChangesOptions) {
    this.#options = options
    this.#session = new PostgresSession(options.connection, this.#abort.signal, options.retryMs)
  }

  async open(_zeroTime: number, _batchInterval: number, position?: unknown): Promise<void> {
    const { slot, publications, createSlot } = this.#options
    await this.#session.open()
    const found = await this.#session.query<{ name: string }>(PUBLICATIONS, [publications])
    const missing = publications.filter((name) => !found.some((each) => each.name === name))
    if (missing.length > 0)
      throw this.#fault(`There is no publication '${missing[0]}'. Create it: CREATE PUBLICATION ... FOR TABLE ...`)
    if (!(await this.#slot())) {
      if (position !== undefined)
        throw this.#fault(
          `Slot '${slot}' was dropped, and the changes since the checkpoint are gone. To start over, use a new checkpoint directory`,
        )
      if (!createSlot) throw this.#fault(`There is no slot '${slot}'. Create it, or set createSlot`)
      await this.#session.query(CREATE_SLOT, [slot])
    }
    const { confirmed } = await this.#readable()
    this.#next = (position as string | undefined) ?? confirmed
    mustBeHeld(this.#options, { from: this.#next }, confirmed)
  }

  async stopAtEnd(): Promise<void> {
    this.#end = (await this.#readable()).end
  }

  async next(time: number): Promise<DirectBatch<ChangeRange>> {
    const { end, held } = await this.#readable()
    const from = this.#next
    const limit = parseLsn(from) + BigInt(this.#options.maxBatchBytes)
    const last = this.#end ?? end
    const to = parseLsn(last) < limit ? last : formatLsn(limit)
    const bytes = Number(held ?? 0)
    const isEmpty = parseLsn(to) <= parseLsn(from)
    const next = isEmpty ? from : to
    if (!isEmpty) this.#take(time, to)
    return {
      partitions: isEmpty ? [] : [{ from, to }],
      description: `log from ${from} to ${next}; the slot holds ${bytes} bytes`,
      lag: { unit: 'bytes', parts: [{ name: this.#options.slot, ...lagBetween(from, next, last), next, end: last }] },
      warnings: this.#warnings(bytes),
      atEnd: this.#end !== undefined && parseLsn(this.#next) >= parseLsn(this.#end),
    }
  }

  replay(time: number, { partitions }: DirectBatch<ChangeRange>): void {
    for (const { to } of partitions) this.#take(time, to)
  }

  position(): string {
    return this.#next
  }

  async committed(time: number): Promise<void> {
    const to = this.#ends.get(time)
    this.#ends.delete(time)
    if (to !== undefined) await this.#session.query(MOVE_SLOT, [this.#options.slot, to])
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#session.close()
  }

  #take(time: number, to: string): void {
    this.#next = to
    this.#ends.set(time, to)
  }

  async #slot(): Promise<Slot | undefined> {
    const [slot] = await this.#session.query<Slot & Record<string, unknown>>(SLOT, [this.#options.slot])
    return slot
  }

  /** Returns the slot. Throws if it does not exist or has lost a part of the log. */
  async #readable(): Promise<Slot> {
    const { slot } = this.#options
    const found = await this.#slot()
    if (!found) throw this.#fault(`Slot '${slot}' was dropped`)
    if (found.plugin !== 'pgoutput')
      throw this.#fault(`Slot '${slot}' uses ${found.plugin ?? 'physical replication'}; it must use pgoutput`)
    if (!found.here) throw this.#fault(`Slot '${slot}' belongs to another database`)
    if (found.status === 'lost')
      throw this.#fault(
        `Slot '${slot}' lost a part of the log: it held more than max_slot_wal_keep_size. Drop it and start over`,
      )
    return found
  }

  /** Warns once each time that the retained log grows beyond the limit. */
  #warnings(held: number): string[] {
    const { slot, warnSlotBytes } = this.#options
    const isLarge = held > warnSlotBytes
    const isNew = isLarge && !this.#warned
    this.#warned = isLarge
    if (!isNew) return []
    return [
      `slot '${slot}' holds back ${held} bytes of the write-ahead log: batches are late, or a transaction is open`,
    ]
  }

  #fault(what: string): SourceError {
    const { slot, connection } = this.#options
    return new SourceError(`${what} (PostgreSQL at ${serverOf(connection)}).`, { details: { slot, final: true } })
  }
}

/** Bytes of the log: those of a batch, and those after it. The end may be before the batch, as PostgreSQL confirms early. */
function lagBetween(from: string, next: string, end: string): { readonly taken: number; readonly left: number } {
  const left = parseLsn(end) - parseLsn(next)
  return { taken: Number(parseLsn(next) - parseLsn(from)), left: left > 0n ? Number(left) : 0 }
}
