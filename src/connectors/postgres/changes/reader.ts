import { SourceError } from '../../../errors.js'
import type { PartitionReader } from '../../../ops/source.js'
import { serverOf } from '../client.js'
import { quoted } from '../quoted.js'
import { withClient } from '../with-client.js'
import { parseLsn } from './lsn.js'
import type { CheckedChangesOptions } from './options.js'
import { PgOutputDecoder, type PostgresChange } from './pgoutput.js'

/** The transactions whose commit positions are from `from` (inclusive) to `to` (exclusive). */
export interface ChangeRange {
  readonly from: string
  readonly to: string
}

const CONFIRMED = 'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1'
/** Decodes complete transactions from the slot's confirmed position on, without moving the slot. */
const PEEK = `SELECT data FROM pg_logical_slot_peek_binary_changes($1, $2::pg_lsn, NULL,
  'proto_version', '1', 'publication_names', $3)`
/** The most records per piece. */
const AT_ONCE = 1000

/**
 * Reads a range of the write-ahead log through the slot, without moving it. A task that runs again reads the same
 * changes.
 */
export const changesReader: PartitionReader<ChangeRange> = {
  async *read(range, context) {
    const options = context.options as CheckedChangesOptions
    const { slot, publications } = options
    const names = publications.map(quoted).join()
    const rows = await withClient(context, options, `Slot '${slot}'`, async (client) => {
      const { rows: slots } = await client.query<{ lsn: string }>(CONFIRMED, [slot])
      mustBeHeld(options, range, slots[0]?.lsn)
      return (await client.query<{ data: Buffer }>(PEEK, [slot, range.to, names])).rows
    })
    yield* decoded(rows, range)
  },
}

function* decoded(rows: readonly { readonly data: Buffer }[], { from, to }: ChangeRange): Generator<PostgresChange[]> {
  const [first, end] = [parseLsn(from), parseLsn(to)]
  const decoder = new PgOutputDecoder()
  let piece: PostgresChange[] = []
  for (const { data } of rows) {
    const changes = decoder.decode(data)
    if (decoder.commit < first || decoder.commit >= end) continue
    piece.push(...changes)
    if (piece.length < AT_ONCE) continue
    yield piece
    piece = []
  }
  if (piece.length > 0) yield piece
}

/** Checks that the slot still retains the range. Decoding would silently skip changes before the confirmed position. */
export function mustBeHeld(
  { slot, connection }: CheckedChangesOptions,
  { from }: Pick<ChangeRange, 'from'>,
  confirmed: string | undefined,
): void {
  if (confirmed !== undefined && parseLsn(confirmed) <= parseLsn(from)) return
  const why = confirmed === undefined ? 'the slot is gone' : `the slot was moved on to ${confirmed}`
  throw new SourceError(
    `The changes from ${from} on cannot be read from slot '${slot}' of PostgreSQL at ${serverOf(connection)}: ${why}. Let one application only read a slot. To start over, use a new slot and a new checkpoint directory.`,
    { details: { slot, from, confirmed, final: true } },
  )
}
