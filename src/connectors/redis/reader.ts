import { SourceError } from '../../errors.js'
import type { PartitionReader } from '../../ops/source.js'
import { decodedBy } from '../decoded-by.js'
import { resourceKey } from '../resource-key.js'
import { redisClient } from './client.js'
import type { RedisSettings } from './connection.js'
import { decodeEntry, type RawEntry, undecodedEntry } from './entries.js'
import type { RedisFormat } from './options.js'
import type { RedisRange } from './planner.js'

/** Options of the reader. The driver sends them with each task. Checkpoints do not contain them. */
export interface RedisReaderOptions {
  readonly settings: RedisSettings
  readonly format: RedisFormat
  readonly onGap: 'fail' | 'skip'
}

/** The most entries per request. */
const AT_ONCE = 1000

/** Reads a range of ids. Sends the next request before it decodes the entries of the last response. */
export const redisReader: PartitionReader<RedisRange> = {
  async *read(range, context) {
    const { settings, format, onGap } = context.options as RedisReaderOptions
    const client = await context.resource(
      resourceKey('redis', settings),
      () => redisClient(settings),
      (open) => open.close(),
    )
    const { stream, to, entries } = range
    const fetch = (after: string) =>
      client.run(context.signal, (redis) =>
        redis.callBuffer('XRANGE', stream, `(${after}`, to, 'COUNT', AT_ONCE),
      ) as Promise<RawEntry[]>
    let read = 0
    let next: Promise<RawEntry[]> | undefined = fetch(range.from)
    while (next) {
      const found: RawEntry[] = await next
      next = found.length === AT_ONCE ? fetch(String(found.at(-1)![0])) : undefined
      // The request is awaited after the `yield` below. If the generator ends there, a rejection must not count as
      // unhandled.
      next?.catch(() => undefined)
      read += found.length
      const records = decodedBy(
        context,
        found,
        (entry) => decodeEntry(entry, stream, format),
        (entry) => undecodedEntry(entry, stream),
      )
      if (records.length > 0) yield records
    }
    if (read === entries) return
    const gone = goneEntries(stream, entries - read, range.from)
    if (onGap === 'fail') throw gone
    // The driver counted these entries when it planned the batch, so only a warning can report them.
    process.emitWarning(`They are skipped: ${gone.message}`, 'MillraceWarning')
  },
}

/** The entries were trimmed after the batch was planned, or since the checkpoint. */
export function goneEntries(stream: string, entries: number, after: string): SourceError {
  return new SourceError(
    `${entries} entries of Redis stream '${stream}' after ${after} are gone: they were trimmed or deleted before they were read. Trim the stream later (XTRIM, MAXLEN), or set onGap: 'skip' to go on without them.`,
    { details: { stream, after, entries, final: true } },
  )
}
