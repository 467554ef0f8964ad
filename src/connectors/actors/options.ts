import type { AckAfter } from '../../ops/source.js'
import { OptionCheck } from '../options.js'

export interface ActorOptions {
  /** The name in errors, events and logs (`'actors'`). */
  readonly name?: string
  /** Accepts messages over WebSockets, from other processes and browser pages. Needs the package `ws`. */
  readonly websocket?: {
    readonly port: number
    /** Address to listen on (`'127.0.0.1'`): this machine only. */
    readonly host?: string
    /** Origins of the pages that may send, such as `'https://example.com'` (none). */
    readonly origins?: readonly string[]
  }
  /** Accepts frames over TCP, from actors of other platforms. */
  readonly tcp?: {
    readonly port: number
    /** Address to listen on (`'127.0.0.1'`): this machine only. */
    readonly host?: string
  }
  /** When `send` resolves: once the value is `'stored'` (default), or `'processed'` by its batch. */
  readonly ackAfter?: AckAfter
  /** Largest message in bytes (1 MiB), over WebSocket and TCP. A sender that exceeds it is disconnected. */
  readonly maxMessageBytes?: number
  /** Senders that may be connected over WebSocket and TCP at once (1,024). More are refused until one leaves. */
  readonly maxConnections?: number
}

export interface Listening {
  readonly host: string
  readonly port: number
}

export interface CheckedActorOptions {
  readonly name: string
  readonly websocket: (Listening & { readonly origins: readonly string[] }) | undefined
  readonly tcp: Listening | undefined
  readonly ackAfter: AckAfter
  readonly maxMessageBytes: number
  readonly maxConnections: number
}

const check = new OptionCheck('actors')

/** @throws ArgumentError that names the option. */
export function checkActorOptions(options: ActorOptions): CheckedActorOptions {
  check.names(options, ['name', 'websocket', 'tcp', 'ackAfter', 'maxMessageBytes', 'maxConnections'])
  const { websocket, tcp } = options
  if (websocket !== undefined) check.names(websocket, ['port', 'host', 'origins'], 'websocket')
  if (tcp !== undefined) check.names(tcp, ['port', 'host'], 'tcp')
  return {
    name: check.text('name', options.name ?? 'actors', 'a name'),
    websocket: websocket && {
      ...listening('websocket', websocket),
      origins: check.texts('websocket.origins', websocket.origins ?? [], "a list such as ['https://example.com']"),
    },
    tcp: tcp && listening('tcp', tcp),
    ackAfter: check.oneOf('ackAfter', options.ackAfter ?? 'stored', ['stored', 'processed']),
    maxMessageBytes: check.integer('maxMessageBytes', options.maxMessageBytes ?? 1024 * 1024, 16, 1024 ** 3),
    maxConnections: check.integer('maxConnections', options.maxConnections ?? 1024, 1, 1_000_000),
  }
}

function listening(option: string, { port, host = '127.0.0.1' }: { port: number; host?: string }): Listening {
  return {
    port: check.integer(`${option}.port`, port, 1, 65_535),
    host: check.text(`${option}.host`, host, 'an address to listen on'),
  }
}
