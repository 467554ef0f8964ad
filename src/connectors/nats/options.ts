import { checkOnRecordError, type OnRecordError } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'

interface ConnectionOptions {
  /** `'host:port'`, or a list of servers of one cluster. */
  readonly servers: string | readonly string[]
  readonly user?: string
  readonly password?: string
  readonly token?: string
  /** The content of a `.creds` file. */
  readonly credentials?: string
  /** Encrypts the connection: `true`, or `{ ca, cert, key }` as PEM. */
  readonly tls?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** How long an operation is retried while the server cannot be reached ('30s'). */
  readonly retryTime?: Duration
}
export type NatsConnection = ConnectionOptions

/** Plain data, because it is sent to the worker threads. */
export interface NatsSettings {
  readonly servers: readonly string[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  readonly credentials: string | undefined
  readonly tls: boolean | object | undefined
  readonly retryMs: number
}

/** Where the first batch of a new application begins. */
export type NatsStart = 'earliest' | 'latest' | { readonly sequence: number } | { readonly timestamp: number | Date }

export interface NatsSourceOptions extends ConnectionOptions {
  /** The name of the JetStream stream. It must exist, and retain messages by limits. */
  readonly stream: string
  /** Reads messages of these subjects only; `*` and `>` are wildcards. */
  readonly subjects?: string | readonly string[]
  /** Where a new application begins to read (a stream: `'latest'`, a dataset: `'earliest'`). */
  readonly start?: NatsStart
  /** How payloads are decoded: `'text'` (default), `'json'` or `'bytes'`. */
  readonly value?: 'text' | 'json' | 'bytes'
  /** Makes records objects `{ subject, sequence, timestamp, value, headers }` (false). */
  readonly metadata?: boolean
  /** The most sequence numbers per second of the batch interval (100,000). */
  readonly maxRate?: number
  /** The most sequence numbers of a partition of the batch (10,000): a thread holds their messages while it reads. */
  readonly partitionRecords?: number
  /**
   * Messages that the stream's limits removed before they were read: `'fail'` (default) or `'skip'`, which reports
   * their number.
   */
  readonly onGap?: 'fail' | 'skip'
  /**
   * The treatment of a message that is not what the options say: 'fail' (default) fails its task, 'skip' drops it and counts it,
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

export interface NatsSinkOptions extends ConnectionOptions {
  /** Names this application among all that publish to the stream: a restarted process must have the same. */
  readonly application: string
  /** The subject of records that name none. A stream must receive it. */
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
/** A name of a stream or an application: without blanks and characters of subjects. */
const NAME = /^[^\s.*>/\\]+$/
const SUBJECT = /^[^\s]+$/

/** @throws ArgumentError that names the option. */
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

/** @throws ArgumentError that names the option. */
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
  // A URL may hold a password, which the error must not quote.
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
