import type { WebSocket } from 'ws'
import { SourceError } from '../../errors.js'
import type { ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { delay } from '../../ops/wait.js'
import { LoopReceiver } from '../../sources/loop-receiver.js'
import { missingPackage } from '../missing-package.js'
import { Connection } from './connection.js'
import {
  checkWebSocketOptions,
  type WebSocketOptions,
  type WebSocketRecordOf,
  type WebSocketSettings,
} from './options.js'

/**
 * Receives the messages of a WebSocket server. Reconnects after a lost connection, and reports each loss: WebSocket has
 * no positions, so messages that the server sends meanwhile are lost. If the stream is slow, the source stops reading,
 * and the server notices.
 *
 * @throws ArgumentError that names the option.
 */
export function webSocketSource<const O extends WebSocketOptions>(options: O): ReceiverSource<WebSocketRecordOf<O>> {
  const settings = checkWebSocketOptions(options)
  const { name } = settings
  const loop = (sink: ReceiverSink, signal: AbortSignal, ready: () => void) => receive(settings, sink, signal, ready)
  return { kind: 'receiver', name, codec: 'records', create: () => new LoopReceiver(name, loop) }
}

async function receive(
  settings: WebSocketSettings,
  sink: ReceiverSink,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { name, reconnect } = settings
  let { min: wait } = settings.wait
  while (!signal.aborted) {
    const connection = new Connection(await open(settings), settings, sink)
    const { reason, messages, cause } = await connection.run(signal, ready)
    if (signal.aborted) return
    if (!reconnect && cause !== undefined) throw new SourceError(`${name}: ${reason}.`, { cause })
    ready()
    if (!reconnect) return
    if (messages > 0) wait = settings.wait.min
    sink.report(
      `${name}: ${reason}. Connecting again in ${wait} ms. Messages that the server sends until then are lost.`,
      cause,
    )
    await delay(wait, signal)
    wait = Math.min(wait * 2, settings.wait.max)
  }
}

/** Starts the handshake. The first connection loads the client library. */
async function open({
  url,
  protocols,
  headers,
  maxMessageBytes,
  tls,
  idleTimeout,
}: WebSocketSettings): Promise<WebSocket> {
  const { WebSocket } = await loadClient()
  return new WebSocket(url, [...protocols], {
    ...tls,
    headers: { ...headers },
    maxPayload: maxMessageBytes,
    handshakeTimeout: idleTimeout || 20_000,
  })
}

async function loadClient(): Promise<typeof import('ws')> {
  try {
    return await import('ws')
  } catch (cause) {
    throw missingPackage('The WebSocket source needs', ['ws'], 8, cause)
  }
}
