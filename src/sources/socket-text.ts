import type { TcpNetConnectOpts } from 'node:net'
import { ArgumentError, SourceError } from '../errors.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { type Delay, delay as realDelay } from '../ops/wait.js'
import { messageOf } from '../values/message-of.js'
import { checkBoolean, checkInteger, type ReconnectDelay, reconnectDelay } from './check.js'
import { LoopReceiver } from './loop-receiver.js'

export interface SocketTextOptions {
  /**
   * False: the input is at its end when the server closes the connection, and a connection that fails is an error: `start`
   * rejects with a SourceError, or the source is reported and ends. For senders that finish. True unless given.
   */
  readonly reconnect?: boolean
  /** First and longest wait before a new connection, doubled each time; 100 ms and 5,000 ms unless given. */
  readonly reconnectDelay?: ReconnectDelay
  /** How to wait, for tests. */
  readonly delay?: Delay
}

/**
 * Newline-separated text from a TCP server. The socket reads straight into the blocks' shared memory: no copy, no
 * string, no object a line. A lost or refused connection is reported and tried again for ever, unless `reconnect` is
 * false; what the server sends meanwhile is lost, as TCP has no memory of it. An unfinished last line of a connection counts as a line.
 */
export function socketTextSource(host: string, port: number, options: SocketTextOptions = {}): ReceiverSource {
  if (typeof host !== 'string' || host === '') {
    throw new ArgumentError(`host is ${JSON.stringify(host)}; give a host name or an IP address.`, { host })
  }
  checkInteger('port', port, 1, 65_535)
  const { min, max } = reconnectDelay(options.reconnectDelay ?? {}, { min: 100, max: 5000 })
  const reconnect = checkBoolean('reconnect', options.reconnect ?? true)
  const delay = options.delay ?? realDelay
  const name = `socket ${host}:${port}`

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    let wait = min
    while (!signal.aborted) {
      const { bytes, fault } = await connection(host, port, sink, signal, ready)
      if (bytes > 0) sink.endOfText()
      if (!reconnect && !signal.aborted && fault !== undefined) {
        throw new SourceError(`${name}: ${messageOf(fault)}. It is not tried again, as reconnect is false.`, {
          cause: fault,
        })
      }
      ready()
      if (signal.aborted || !reconnect) return
      if (bytes > 0) wait = min
      const reason = fault === undefined ? 'closed by the server' : messageOf(fault)
      sink.report(`${name}: ${reason}. Connecting again in ${wait} ms.`, fault)
      await delay(wait, signal)
      wait = Math.min(wait * 2, max)
    }
  }
  return { kind: 'receiver', name, codec: 'text', create: () => new LoopReceiver(name, loop) }
}

interface Ended {
  readonly bytes: number
  readonly fault?: unknown
}

/** A host that does not answer at all would keep the system trying for minutes. */
const CONNECT_TIMEOUT_MS = 20_000

/** One connection from the attempt to its close. Resolves when no read can touch shared memory any more. */
function connection(
  host: string,
  port: number,
  sink: ReceiverSink,
  signal: AbortSignal,
  connected: () => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    let bytes = 0
    let fault: unknown
    const fail = (error: unknown) => {
      fault ??= error
      // Not now: Node may be in the middle of connecting and would go on with a handle that is gone.
      queueMicrotask(() => socket.destroy())
    }
    // Node asks for the next buffer right after each read, also when the answer to that read was "pause". A throw
    // from these two functions would come out of the event loop, so it ends the connection instead.
    const space = (): Uint8Array => {
      try {
        return sink.space()
      } catch (error) {
        fail(error)
        return Buffer.alloc(1)
      }
    }
    const received = (length: number): boolean => {
      if (fault !== undefined) return false
      try {
        bytes += length
        sink.advance(length)
        const room = sink.full()
        if (!room) return true
        room.then(() => socket.resume(), fail)
      } catch (error) {
        fail(error)
      }
      return false
    }
    // A peer that vanished without a word (power, cable) would never be noticed without keep-alives.
    const options: TcpNetConnectOpts = {
      host,
      port,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: { buffer: space, callback: received },
    }
    const { Socket } = process.getBuiltinModule('node:net')
    const socket = new Socket(options)
    const stop = () => socket.destroy()
    const late = setTimeout(() => fail(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)), CONNECT_TIMEOUT_MS)
    socket.on('connect', () => {
      clearTimeout(late)
      connected()
    })
    socket.on('error', fail)
    // 'close' and not 'end' or destroy(): only then has the system given the read buffer back.
    socket.once('close', () => {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      resolve({ bytes, fault })
    })
    signal.addEventListener('abort', stop, { once: true })
    socket.connect(options)
  })
}
