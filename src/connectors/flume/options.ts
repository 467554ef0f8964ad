import type { TlsOptions } from 'node:tls'
import type { AckAfter } from '../../ops/source.js'
import { OptionCheck } from '../options.js'
import type { EventFormat } from './protocol.js'

export interface FlumeOptions {
  /** Port to listen on for clients and agents. */
  readonly port: number
  /** Address to listen on (`'127.0.0.1'`: this machine only). `'0.0.0.0'` accepts other machines. */
  readonly host?: string
  /** How bodies are decoded: `'text'` (default) or `'bytes'`. */
  readonly value?: 'text' | 'bytes'
  /** Makes each record an object `{ headers, body }`, not the body only (`false`). */
  readonly headers?: boolean
  /**
   * When a call is answered, so that the client forgets its events: when they are `'stored'` (default), or when their
   * batch is `'processed'`.
   */
  readonly ackAfter?: AckAfter
  /** Encrypts connections: options of `tls.createServer`, such as `key`, `cert` and `ca`. */
  readonly tls?: TlsOptions
  /** Bytes of the largest call (16 MiB). A client that exceeds the limit is disconnected. */
  readonly maxFrameBytes?: number
  /** Connections at a time (100). The source refuses further ones. */
  readonly maxConnections?: number
}

export interface CheckedFlumeOptions {
  readonly host: string
  readonly port: number
  readonly format: EventFormat
  readonly ackAfter: AckAfter
  readonly tls: TlsOptions | undefined
  readonly maxFrameBytes: number
  readonly maxConnections: number
}

const NAMES = ['port', 'host', 'value', 'headers', 'ackAfter', 'tls', 'maxFrameBytes', 'maxConnections']
const FORMATS = ['text', 'bytes'] as const

/** Checks the options. No message contains keys of `tls`. @throws ArgumentError that names the option. */
export function checkFlumeOptions(options: FlumeOptions): CheckedFlumeOptions {
  const check = new OptionCheck('flume')
  check.names(options, NAMES)
  const { host = '127.0.0.1', value = 'text', headers = false, tls } = options
  if (tls !== undefined && (typeof tls !== 'object' || tls === null))
    throw check.wrong('tls', tls, 'options of tls.createServer, such as { key, cert }')
  return {
    host: check.text('host', host, 'an address to listen on'),
    port: check.integer('port', options.port, 1, 65_535),
    format: { value: check.oneOf('value', value, FORMATS), headers: check.boolean('headers', headers) },
    ackAfter: check.oneOf('ackAfter', options.ackAfter ?? 'stored', ['stored', 'processed']),
    tls,
    maxFrameBytes: check.integer('maxFrameBytes', options.maxFrameBytes ?? 16 * 1024 * 1024, 1024, 1024 ** 3),
    maxConnections: check.integer('maxConnections', options.maxConnections ?? 100, 1, 65_535),
  }
}
