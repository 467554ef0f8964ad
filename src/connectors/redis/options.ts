import { ArgumentError } from '../../errors.js'
import { checkOnRecordError, type OnRecordError } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'
import { OptionCheck } from '../options.js'
import { checkConnection, type RedisConnection, type RedisSettings } from './connection.js'

export type { RedisConnection }

/**
 * Where a new application begins to read. `ids` contains the id of the first entry to read, by stream.
 */
export type RedisStart =
  | 'earliest'
  | 'latest'
  | { readonly ids: Readonly<Record<string, string>> }
  | { readonly timestamp: number | Date }

/** Options that sources and sinks share. */
export interface RedisClientOptions {
  /** URL (`redis://`, `rediss://`), or an object with fields. */
  readonly connection: RedisConnection
  /** How long an operation is retried while the server cannot be reached ('30s'). */
  readonly retryTime?: Duration
}

export interface RedisSourceOptions extends RedisClientOptions {
  /** Keys of the streams. A stream that appears later is read from its first entry on. */
  readonly streams: string | readonly string[]
  /**
   * Where a new application begins to read: `'latest'` (default of streams), `'earliest'` (default of datasets), ids by
   * stream, or a time.
   */
  readonly start?: RedisStart
  /**
   * Consumer group that records what complete batches have read (none). A process that restarts without checkpoints
   * begins there.
   */
  readonly group?: string
  /** Makes the values of this field the records. Default: a record is an object with all fields of the entry. */
  readonly field?: string
  /** How values are decoded: `'text'` (default), `'json'` or `'bytes'`. */
  readonly value?: 'text' | 'json' | 'bytes'
  /** Makes records objects `{ stream, id, value }`, not the value only (false). */
  readonly ids?: boolean
  /** Limit of entries from each stream per second of the batch interval (100,000). */
  readonly maxRatePerPartition?: number
  /** Limit of entries per partition of a batch (10,000). A thread holds them in memory while it reads. */
  readonly partitionRecords?: number
  /**
   * Treatment of entries that were trimmed before they were read: `'fail'` (default), or `'skip'` with a warning that
   * counts them.
   */
  readonly onGap?: 'fail' | 'skip'
  /**
   * Treatment of an entry that cannot be decoded: 'fail' (default) fails its task, 'skip' drops and counts it,
   * 'dead-letter' also stores it, with all its fields, in `deadLetters`.
   */
  readonly onRecordError?: OnRecordError
}

export interface RedisFormat {
  readonly field: string | undefined
  readonly value: 'text' | 'json' | 'bytes'
  readonly ids: boolean
}

export interface CheckedSourceOptions {
  readonly settings: RedisSettings
  readonly streams: readonly string[]
  readonly start: RedisStart | undefined
  readonly group: string | undefined
  readonly format: RedisFormat
  readonly maxRatePerPartition: number
  readonly partitionRecords: number
  readonly onGap: 'fail' | 'skip'
  readonly onRecordError: OnRecordError
}

export interface RedisSinkOptions extends RedisClientOptions {
  /** Names this application among all that write to the server. A restarted process needs the same name. */
  readonly application: string
  /** Adds each record to the stream with this key. A record is an object whose properties are the fields. */
  readonly stream?: string
  /** With `stream`: trims the stream to about this many entries (no limit). */
  readonly maxLength?: number
  /** Sets a field of the hash with this key for each record, a pair `[field, value]`. */
  readonly hash?: string
  /** Sets a key for each record, a pair `[key, value]`. The prefix precedes the key (''). */
  readonly keyPrefix?: string
  /** With `keyPrefix`: how long a key lives (for ever). */
  readonly expire?: Duration
  /** Runs each record as a command, such as `['INCRBY', 'total', '3']`. */
  readonly commands?: true
}

export type RedisTarget =
  | { readonly to: 'stream'; readonly key: string; readonly maxLength: number | undefined }
  | { readonly to: 'hash'; readonly key: string }
  | { readonly to: 'keys'; readonly prefix: string; readonly expireMs: number | undefined }
  | { readonly to: 'commands' }

export interface CheckedSinkOptions {
  readonly settings: RedisSettings
  readonly application: string
  readonly target: RedisTarget
}

const SOURCE = [
  ...['connection', 'streams', 'start', 'group', 'field', 'value', 'ids'],
  ...['maxRatePerPartition', 'partitionRecords', 'onGap', 'onRecordError', 'retryTime'],
]
const SINK = [
  ...['connection', 'application', 'stream', 'maxLength', 'hash', 'keyPrefix', 'expire', 'commands', 'retryTime'],
]
const TARGETS = ['stream', 'hash', 'keyPrefix', 'commands'] as const
const ENTRY_ID = /^\d+-\d+$/
const check = new OptionCheck('redis')

/** Checks the options of a source. @throws ArgumentError that names the option. */
export function checkSourceOptions(options: RedisSourceOptions): CheckedSourceOptions {
  check.names(options, SOURCE)
  const { connection, start, group, field, value = 'text', ids = false } = options
  const { maxRatePerPartition = 100_000, partitionRecords = 10_000, onGap = 'fail', retryTime = '30s' } = options
  const streams = typeof options.streams === 'string' ? [options.streams] : options.streams
  if (!Array.isArray(streams) || streams.length === 0 || !streams.every((key) => typeof key === 'string' && key !== ''))
    throw check.wrong('streams', options.streams, 'the key of a stream, or a list of one or more keys')
  if (new Set(streams).size !== streams.length) throw check.wrong('streams', streams, 'a list with each stream once')
  if (!(maxRatePerPartition > 0) || typeof maxRatePerPartition !== 'number')
    throw check.wrong('maxRatePerPartition', maxRatePerPartition, 'a number of entries per second above 0')
  return {
    settings: checkConnection(connection, toMillis(retryTime, 'redis retryTime')),
    streams,
    start: start === undefined ? undefined : checkStart(start),
    group: group === undefined ? undefined : check.text('group', group, 'the name of a consumer group'),
    format: {
      field: field === undefined ? undefined : check.text('field', field, 'the name of a field'),
      value: check.oneOf('value', value, ['text', 'json', 'bytes']),
      ids: check.boolean('ids', ids),
    },
    maxRatePerPartition,
    partitionRecords: check.integer('partitionRecords', partitionRecords, 1, 1_000_000),
    onGap: check.oneOf('onGap', onGap, ['fail', 'skip']),
    onRecordError: checkOnRecordError('redis', options.onRecordError),
  }
}

function checkStart(start: RedisStart): RedisStart {
  const allowed = "'earliest', 'latest', { ids: { stream: '1700000000000-0' } } or { timestamp: ms }"
  if (start === 'earliest' || start === 'latest') return start
  if (typeof start !== 'object' || start === null) throw check.wrong('start', start, allowed)
  if ('timestamp' in start) {
    const ms = Number(start.timestamp)
    if (!Number.isInteger(ms) || ms < 0)
      throw check.wrong('start.timestamp', start.timestamp, 'ms since 1970, or a Date')
    return { timestamp: ms }
  }
  if (typeof start.ids !== 'object' || start.ids === null) throw check.wrong('start', start, allowed)
  for (const [stream, id] of Object.entries(start.ids))
    if (!ENTRY_ID.test(id))
      throw check.wrong(`start.ids.${stream}`, id, "the id of an entry, such as '1700000000000-0'")
  return start
}

/** Checks the options of a sink. @throws ArgumentError that names the option. */
export function checkSinkOptions(options: RedisSinkOptions): CheckedSinkOptions {
  check.names(options, SINK)
  const { connection, application, retryTime = '30s' } = options
  const given = TARGETS.filter((name) => options[name] !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'no target' : `${given.length} targets, ${given.join(' and ')}`
    throw new ArgumentError(`redis: the options have ${found}; they must have exactly one of ${TARGETS.join(', ')}.`)
  }
  if (options.maxLength !== undefined && given[0] !== 'stream')
    throw check.wrong('maxLength', options.maxLength, 'used with stream only')
  if (options.expire !== undefined && given[0] !== 'keyPrefix')
    throw check.wrong('expire', options.expire, 'used with keyPrefix only')
  return {
    settings: checkConnection(connection, toMillis(retryTime, 'redis retryTime')),
    application: check.text('application', application, 'a name'),
    target: targetOf(options),
  }
}

function targetOf({ stream, maxLength, hash, keyPrefix, expire, commands }: RedisSinkOptions): RedisTarget {
  if (stream !== undefined) {
    const most = maxLength === undefined ? undefined : check.integer('maxLength', maxLength, 1)
    return { to: 'stream', key: check.text('stream', stream, 'the key of a stream'), maxLength: most }
  }
  if (hash !== undefined) return { to: 'hash', key: check.text('hash', hash, 'the key of a hash') }
  if (keyPrefix !== undefined) {
    if (typeof keyPrefix !== 'string') throw check.wrong('keyPrefix', keyPrefix, 'a text')
    return {
      to: 'keys',
      prefix: keyPrefix,
      expireMs: expire === undefined ? undefined : toMillis(expire, 'redis expire'),
    }
  }
  if (commands !== true) throw check.wrong('commands', describe(commands), 'true')
  return { to: 'commands' }
}
