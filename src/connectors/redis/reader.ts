import { SourceError } from '../../errors.js'
import type { PartitionReader } from '../../ops/source.js'
import { decodedBy } from '../decoded-by.js'
import { resourceKey } from '../resource-key.js'
import { redisClient } from './client.js'
import type { RedisSettings } from './connection.js'
import { decodeEntry, type RawEntry, undecodedEntry } from './entries.js'
import type { RedisFormat } from './options.js'
import type { RedisRange } from './planner.js'

/** Options of the reader. They go to the threads with the tasks, and into no checkpoint. */
export interface RedisReaderOptions {
  readonly settings: RedisSettings
  readonly format: RedisFormat
  readonly onGap: 'fail' | 'skip'
}

/** Entries of one request. */
const AT_ONCE = 1000

/** Reads a range of ids. The next request is under way while the entries of the last are decoded. */
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
      // It is awaited after the yield below, which may never return.
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
    // The driver has planned them and cannot count them.
    process.emitWarning(`They are skipped: ${gone.message}`, 'MillraceWarning')
  },
}

/** Trimming removed entries before they were read, or a checkpoint is older than the stream. */
export function goneEntries(stream: string, entries: number, after: string): SourceError {
  return new SourceError(
    `${entries} entries of Redis stream '${stream}' after ${after} are gone: they were trimmed or deleted before they were read. Trim the stream later (XTRIM, MAXLEN), or set onGap: 'skip' to go on without them.`,
    { details: { stream, after, entries, final: true } },
  )
}
