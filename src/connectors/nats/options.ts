import { checkOnRecordError, type OnRecordError } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'

/** How to reach the servers, and with which credentials. */
export interface NatsConnection {
  /** Address `'host:port'`, or a list of the servers of one cluster. */
  readonly servers: string | readonly string[]
  readonly user?: string
  readonly password?: string
  readonly token?: string
  /** Content of a `.creds` file. */
  readonly credentials?: string
  /** Encrypts the connection (`false`): `true`, or `{ ca, cert, key }` as PEM. */
  readonly tls?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** How long an operation is retried while the server cannot be reached ('30s'). */
  readonly retryTime?: Duration
}

/** Plain data, because the driver sends it to worker threads. */
export interface NatsSettings {
  readonly servers: readonly string[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  readonly credentials: string | undefined
  readonly tls: boolean | object | undefined
  readonly retryMs: number
}

/** Where a new application begins to read. */
export type NatsStart = 'earliest' | 'latest' | { readonly sequence: number } | { readonly timestamp: number | Date }

export interface NatsSourceOptions extends NatsConnection {
  /** Name of the JetStream stream. It must exist, with retention by limits. */
  readonly stream: string
  /** Subjects to read (all). `*` and `>` are wildcards. */
  readonly subjects?: string | readonly string[]
  /**
   * Where a new application begins to read: `'latest'` (default of streams), `'earliest'` (default of datasets), a
   * sequence number or a time.
   */
  readonly start?: NatsStart
  /** How payloads are decoded: `'text'` (default), `'json'` or `'bytes'`. */
  readonly value?: 'text' | 'json' | 'bytes'
  /** Makes records objects `{ subject, sequence, timestamp, value, headers }`, not the value only (false). */
  readonly metadata?: boolean
  /** Limit of sequence numbers per second of the batch interval (100,000). */
  readonly maxRate?: number
  /**
   * Limit of sequence numbers per partition of a batch (10,000). A thread holds the messages of a partition in memory
   * while it reads them.
   */
  readonly partitionRecords?: number
  /**
   * Treatment of messages that the stream's limits removed before they were read: `'fail'` (default), or `'skip'` with a
   * warning that counts them.
   */
  readonly onGap?: 'fail' | 'skip'
  /**
   * Treatment of a message that `value` cannot decode: 'fail' (default) fails its task, 'skip' drops and counts it,
   * 'dead-letter' also stores it, with its subject, headers and bytes, in `deadLetters`.
   */
  readonly onRecordError?: OnRecordError
}

export interface NatsFormat {
  readonly value: 'text' | 'json' | 'bytes'
  readonly metadata: boolean
}

export interface CheckedSourceOptions {
  readonly settings: NatsSettings
  readonly stream: string
  readonly subjects: readonly string[]
  readonly start: NatsStart | undefined
  readonly format: NatsFormat
  readonly maxRate: number
  readonly partitionRecords: number
  readonly onGap: 'fail' | 'skip'
  readonly onRecordError: OnRecordError
}

export interface NatsSinkOptions extends NatsConnection {
  /** Names this application among all that publish to the stream. A restarted process needs the same name. */
  readonly application: string
  /** Subject of the records that name none. A stream must cover it. */
  readonly subject?: string
}

export interface CheckedSinkOptions {
  readonly settings: NatsSettings
  readonly application: string
  readonly subject: string | undefined
}

const CONNECTION = ['servers', 'user', 'password', 'token', 'credentials', 'tls', 'retryTime']
const SOURCE = [
  'stream',
  'subjects',
  'start',
  'value',
  'metadata',
  'maxRate',
  'partitionRecords',
  'onGap',
  'onRecordError',
]
const check = new OptionCheck('nats')
/** A valid name of a stream or an application: no white space, no special characters of subjects. */
const NAME = /^[^\s.*>/\\]+$/
const SUBJECT = /^[^\s]+$/

/** Checks the options of a source. @throws ArgumentError that names the option. */
export function checkSourceOptions(options: NatsSourceOptions): CheckedSourceOptions {
  check.names(options, [...SOURCE, ...CONNECTION])
  const { stream, subjects = [], start, value = 'text', metadata = false } = options
  const { maxRate = 100_000, partitionRecords = 10_000, onGap = 'fail' } = options
  if (typeof stream !== 'string' || !NAME.test(stream)) throw check.wrong('stream', stream, 'the name of a stream')
  const wanted =
    typeof subjects === 'string' ? [subjects] : check.texts('subjects', subjects, 'a subject or a list of subjects')
  for (const subject of wanted) checkSubject('subjects', subject)
  if (typeof maxRate !== 'number' || !(maxRate > 0))
    throw check.wrong('maxRate', maxRate, 'a number of messages per second above 0')
  return {
    settings: checkConnection(options),
    stream,
    subjects: wanted,
    start: start === undefined ? undefined : checkStart(start),
    format: {
      value: check.oneOf('value', value, ['text', 'json', 'bytes']),
      metadata: check.boolean('metadata', metadata),
    },
    maxRate,
    partitionRecords: check.integer('partitionRecords', partitionRecords, 1, 1_000_000),
    onGap: check.oneOf('onGap', onGap, ['fail', 'skip']),
    onRecordError: checkOnRecordError('nats', options.onRecordError),
  }
}

/** Checks the options of a sink. @throws ArgumentError that names the option. */
export function checkSinkOptions(options: NatsSinkOptions): CheckedSinkOptions {
  check.names(options, ['application', 'subject', ...CONNECTION])
  const { application, subject } = options
  if (typeof application !== 'string' || !NAME.test(application))
    throw check.wrong('application', application, 'a name without blanks and dots')
  if (subject !== undefined) checkSubject('subject', subject)
  return { settings: checkConnection(options), application, subject }
}

function checkSubject(option: string, subject: unknown): void {
  if (typeof subject !== 'string' || !SUBJECT.test(subject))
    throw check.wrong(option, subject, "a subject: 'orders.new'")
}

function checkStart(start: NatsStart): NatsStart {
  if (start === 'earliest' || start === 'latest') return start
  const allowed = "'earliest', 'latest', { sequence: 17 } or { timestamp: ms }"
  if (typeof start !== 'object' || start === null) throw check.wrong('start', start, allowed)
  if ('sequence' in start) return { sequence: check.integer('start.sequence', start.sequence, 1) }
  const ms = Number(start.timestamp)
  if (!Number.isInteger(ms)) throw check.wrong('start.timestamp', start.timestamp, 'ms since 1970, or a Date')
  return { timestamp: ms }
}

function checkConnection(options: NatsConnection): NatsSettings {
  const { servers: given, user, password, token, credentials, tls, retryTime = '30s' } = options
  const servers = typeof given === 'string' ? [given] : given
  // The URL may contain a password, so the error does not quote it.
  if (!Array.isArray(servers) || servers.length === 0 || !servers.every((server) => /^[^\s@/]+$/.test(String(server))))
    throw check.wrong(
      'servers',
      undefined,
      "'host:port' or a list of these, without user and password, which are separate options",
    )
  for (const [name, secret] of Object.entries({ user, password, token, credentials }))
    if (secret !== undefined && typeof secret !== 'string') throw check.wrong(name, undefined, 'a text')
  return { servers, user, password, token, credentials, tls, retryMs: toMillis(retryTime, 'nats retryTime') }
}
