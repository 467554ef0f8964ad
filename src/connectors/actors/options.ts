import type { AckAfter } from '../../ops/source.js'
import { OptionCheck } from '../options.js'

export interface ActorOptions {
  /** The source's name in errors, events and logs (`'actors'`). */
  readonly name?: string
  /** Accepts messages over WebSockets, from other processes and from browser pages. Needs the package `ws`. */
  readonly websocket?: {
    readonly port: number
    /** Address to listen on (`'127.0.0.1'`: this machine only). */
    readonly host?: string
    /** Origins of the pages that may connect, such as `'https://example.com'` (none). */
    readonly origins?: readonly string[]
  }
  /** Accepts frames over TCP, from actors on other platforms. */
  readonly tcp?: {
    readonly port: number
    /** Address to listen on (`'127.0.0.1'`: this machine only). */
    readonly host?: string
  }
  /** When `send` resolves: when the value is `'stored'` (default), or when its batch is `'processed'`. */
  readonly ackAfter?: AckAfter
  /** Bytes of the largest message over WebSocket or TCP (1 MiB). A sender that exceeds the limit is disconnected. */
  readonly maxMessageBytes?: number
  /** Connections over WebSocket and TCP at a time (1,024). The source refuses further ones. */
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
