import { ArgumentError } from '../../errors.js'
import { type Duration, toMillis } from '../../ops/time.js'
import type { ClusterSettings } from './cluster.js'
import { check } from './option-check.js'
import type { SaslOptions } from './wire/authenticate.js'
import type { ConnectionSettings } from './wire/connection.js'

/** How to reach a cluster. */
export interface ClusterOptions {
  /** Brokers to connect to first, as `host:port`. One of them must answer. */
  readonly brokers: string | readonly string[]
  /**
   * Encrypts connections (`false`): `true`, or options of `tls.connect` that are plain data, such as `ca`, `cert` and
   * `key`.
   */
  readonly tls?: boolean | NonNullable<ConnectionSettings['tls']>
  readonly sasl?: SaslOptions
  /** The client's name in the broker's logs and quotas (`'millrace'`). */
  readonly clientId?: string
  /** How long a connection may take to open (10 s). */
  readonly connectTimeout?: Duration
  /** How long a broker may take to answer a request (30 s). */
  readonly requestTimeout?: Duration
  /** How long a request is retried while brokers restart or partitions change their leaders (30 s). */
  readonly retryTime?: Duration
}

const NAMES = ['brokers', 'tls', 'sasl', 'clientId', 'connectTimeout', 'requestTimeout', 'retryTime']
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

/** Checks the options that sources and sinks share. Refuses options that are neither in `NAMES` nor in `more`. */
export function checkClusterOptions(options: ClusterOptions, more: readonly string[]): ClusterSettings {
  check.names(options, [...NAMES, ...more])
  return {
    brokers: check.addresses('brokers', options.brokers, ','),
    clientId: check.text('clientId', options.clientId ?? 'millrace', 'a name'),
    tls: checkTls(options.tls),
    sasl: checkSasl(options.sasl),
    connectTimeoutMs: toMillis(options.connectTimeout ?? '10s', 'kafka connectTimeout'),
    requestTimeoutMs: toMillis(options.requestTimeout ?? '30s', 'kafka requestTimeout'),
    retryMs: toMillis(options.retryTime ?? '30s', 'kafka retryTime'),
  }
}

function checkTls(tls: ClusterOptions['tls']): ConnectionSettings['tls'] {
  if (tls === undefined || tls === false) return undefined
  if (tls === true) return {}
  if (typeof tls === 'object' && tls !== null) return tls
  throw new ArgumentError('kafka: tls must be true, false or options of tls.connect.', { option: 'tls' })
}

/** No message contains a secret. */
function checkSasl(sasl: SaslOptions | undefined): SaslOptions | undefined {
  if (sasl === undefined) return undefined
  const { mechanism, username, password } = sasl ?? {}
  check.oneOf('sasl.mechanism', mechanism, MECHANISMS)
  check.text('sasl.username', username, 'a name')
  if (typeof password !== 'string')
    throw new ArgumentError('kafka: sasl.password must be a text.', { option: 'sasl.password' })
  return { mechanism, username, password }
}
