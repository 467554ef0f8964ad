import { type DelayLimits, LONGEST_TIMER, type ReconnectDelay, reconnectDelay } from '../../sources/check.js'
import { OptionCheck } from '../options.js'

export interface WebSocketOptions {
  readonly url: string | URL
  readonly protocols?: string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** How messages are decoded: `'text'` (default), `'json'` or `'bytes'`. */
  readonly value?: 'text' | 'json' | 'bytes'
  /** Messages to send after each connect, such as subscriptions (none). */
  readonly send?: string | readonly string[]
  /** Whether to reconnect after the connection ended (true). With `false`, the input ends too. */
  readonly reconnect?: boolean
  /**
   * Shortest and longest pause before a reconnect (`{ min: 250, max: 16000 }`, in ms or as '16s'). The pause doubles
   * each time.
   */
  readonly reconnectDelay?: ReconnectDelay
  /** Milliseconds without a message or an answer to a ping before the source reconnects (30,000). 0: no limit. */
  readonly idleTimeout?: number
  /** Bytes of the largest message (16 MiB). A larger one ends the connection. */
  readonly maxMessageBytes?: number
  /** Options of `tls.connect`, such as `ca`. */
  readonly tls?: object
}

/** The type of the records that a source with these options yields. */
export type WebSocketRecordOf<O extends WebSocketOptions> = O['value'] extends 'bytes'
  ? Uint8Array
  : O['value'] extends 'json'
    ? // biome-ignore lint/suspicious/noExplicitAny: JSON may be anything; users name its type in input<T>().
      any
    : string

const NAMES = [
  'url',
  'protocols',
  'headers',
  'value',
  'send',
  'reconnect',
  'reconnectDelay',
  'idleTimeout',
  'maxMessageBytes',
  'tls',
] as const satisfies (keyof WebSocketOptions)[]

export interface WebSocketSettings {
  readonly name: string
  readonly url: URL
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly value: 'text' | 'json' | 'bytes'
  readonly send: readonly string[]
  readonly reconnect: boolean
  readonly wait: DelayLimits
  readonly idleTimeout: number
  readonly maxMessageBytes: number
  readonly tls: object
}

const list = (given: string | readonly string[] = []) => (typeof given === 'string' ? [given] : given)

/** Checks the options of a source. @throws ArgumentError that names the option. */
export function checkWebSocketOptions(options: WebSocketOptions): WebSocketSettings {
  const checked = new OptionCheck('webSocketSource')
  checked.names(options, NAMES)
  const { headers = {}, value = 'text', idleTimeout = 30_000, maxMessageBytes = 16 * 1024 * 1024 } = options
  const url = URL.canParse(String(options.url)) ? new URL(options.url) : undefined
  if (url?.protocol !== 'ws:' && url?.protocol !== 'wss:')
    throw checked.wrong('url', withoutQuery(String(options.url)), 'an absolute ws or wss URL')
  return {
    // Queries and user names may contain secrets.
    name: `websocket ${url.protocol}//${url.host}${url.pathname}`,
    url,
    protocols: checked.texts('protocols', list(options.protocols), 'a text or an array of texts'),
    headers,
    value: checked.oneOf('value', value, ['text', 'json', 'bytes']),
    send: checked.texts('send', list(options.send), 'a text or an array of texts'),
    reconnect: checked.boolean('reconnect', options.reconnect ?? true),
    wait: reconnectDelay(options.reconnectDelay, { min: 250, max: 16_000 }),
    idleTimeout: checked.integer('idleTimeout', idleTimeout, 0, LONGEST_TIMER),
    maxMessageBytes: checked.integer('maxMessageBytes', maxMessageBytes, 1),
    tls: options.tls ?? {},
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//')
}
