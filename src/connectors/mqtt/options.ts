import type { AckAfter } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'

export interface MqttConnectionOptions {
  /** URL of the broker, `mqtt://host:port`, `mqtts://`, `ws://` or `wss://`, without user and password. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Certificates as PEM, for `mqtts://` and `wss://`. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

/** Plain data, because the driver sends it to worker threads. */
export interface MqttSettings {
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: object
}

export interface MqttSourceOptions extends MqttConnectionOptions {
  /** Topic filters. `+` and `#` are wildcards. */
  readonly topics: string | readonly string[]
  /** Name of the session that the broker stores for this application. No other client may use it. */
  readonly clientId: string
  /** How long the broker stores the session and its messages while the application is down ('1d'). */
  readonly sessionExpiry?: Duration
  /**
   * When messages are acknowledged: after the outputs of their batch (`'processed'`, default), or when they are
   * `'stored'`.
   */
  readonly ackAfter?: AckAfter
  /** Messages that may wait for acknowledgement (10,000). The broker may have a lower limit. */
  readonly receiveMaximum?: number
  /** How payloads are decoded: `'text'` (default), `'json'` or `'bytes'`. */
  readonly value?: 'text' | 'json' | 'bytes'
  /** Makes records objects `{ topic, value, retain }`, not the value only (false). */
  readonly metadata?: boolean
}

export interface CheckedSourceOptions {
  readonly settings: MqttSettings
  readonly topics: readonly string[]
  readonly clientId: string
  readonly sessionExpirySeconds: number
  readonly ackAfter: AckAfter
  readonly receiveMaximum: number
  readonly value: 'text' | 'json' | 'bytes'
  readonly metadata: boolean
}

export interface MqttSinkOptions extends MqttConnectionOptions {
  /** Prefix of the message ids. A restarted process needs the same name. */
  readonly application: string
  /** Topic of the records that name none. */
  readonly topic?: string
  /** How long an operation is retried while the broker cannot be reached ('30s'). */
  readonly retryTime?: Duration
}

export interface CheckedSinkOptions {
  readonly settings: MqttSettings
  readonly application: string
  readonly topic: string | undefined
  readonly retryMs: number
}

const CONNECTION = ['url', 'username', 'password', 'tls']
const SOURCE = ['topics', 'clientId', 'sessionExpiry', 'ackAfter', 'receiveMaximum', 'value', 'metadata']
const check = new OptionCheck('mqtt')

/** Checks the options of a source. @throws ArgumentError that names the option. */
export function checkSourceOptions(options: MqttSourceOptions): CheckedSourceOptions {
  check.names(options, [...SOURCE, ...CONNECTION])
  const {
    sessionExpiry = '1d',
    ackAfter = 'processed',
    receiveMaximum = 10_000,
    value = 'text',
    metadata = false,
  } = options
  const topics = typeof options.topics === 'string' ? [options.topics] : options.topics
  if (!Array.isArray(topics) || topics.length === 0 || !topics.every(isFilter))
    throw check.wrong('topics', options.topics, "a filter such as 'sensors/+/temperature' or 'sensors/#', or a list")
  return {
    settings: checkConnection(options),
    topics,
    clientId: check.text('clientId', options.clientId, 'a name that no other client has'),
    sessionExpirySeconds: Math.min(0xffff_ffff, Math.ceil(toMillis(sessionExpiry, 'mqtt sessionExpiry') / 1000)),
    ackAfter: check.oneOf('ackAfter', ackAfter, ['stored', 'processed']),
    receiveMaximum: check.integer('receiveMaximum', receiveMaximum, 1, 65_535),
    value: check.oneOf('value', value, ['text', 'json', 'bytes']),
    metadata: check.boolean('metadata', metadata),
  }
}

/** Checks the options of a sink. @throws ArgumentError that names the option. */
export function checkSinkOptions(options: MqttSinkOptions): CheckedSinkOptions {
  check.names(options, ['application', 'topic', 'retryTime', ...CONNECTION])
  const { topic, retryTime = '30s' } = options
  if (topic !== undefined && !isTopic(topic)) throw check.wrong('topic', topic, 'a topic without wildcards')
  return {
    settings: checkConnection(options),
    application: check.text('application', options.application, 'a name'),
    topic,
    retryMs: toMillis(retryTime, 'mqtt retryTime'),
  }
}

/** Returns whether a text is a topic that messages can be published to. */
export function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && topic !== '' && !/[+#\0]/.test(topic) && Buffer.byteLength(topic) <= 65_535
}

function isFilter(filter: unknown): boolean {
  if (typeof filter !== 'string' || filter === '' || filter.includes('\0')) return false
  const levels = filter.split('/')
  return levels.every((level, i) => /^(?:\+|[^+#]*)$/.test(level) || (level === '#' && i === levels.length - 1))
}

function checkConnection({ url, username, password, tls = {} }: MqttConnectionOptions): MqttSettings {
  // The URL may contain a password, so the error does not quote it.
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^(?:mqtts?|wss?):$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '')
    throw check.wrong('url', undefined, "'mqtt://host:1883', without username and password, which are separate options")
  for (const [name, secret] of Object.entries({ username, password }))
    if (secret !== undefined && typeof secret !== 'string') throw check.wrong(name, undefined, 'a text')
  if (typeof tls !== 'object' || tls === null) throw check.wrong('tls', undefined, '{ ca, cert, key }')
  return { url, username, password, tls }
}
