import type { TcpNetConnectOpts } from 'node:net'
import { ArgumentError, SourceError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { type Delay, delay as realDelay } from '../ops/wait.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'
import { checkBoolean, checkInteger, type ReconnectDelay, reconnectDelay } from './check.js'
import { LoopReceiver } from './loop-receiver.js'

export interface SocketTextOptions {
  /**
   * Whether to connect again after the server closes the connection or a connection fails (true). With `false`, the
   * input ends with the connection, and a failure is an error: `start` rejects with SourceError, or the source reports
   * it and ends.
   */
  readonly reconnect?: boolean
  /** First and longest wait before a new connection (`{ min: 100, max: 5000 }`, in ms or as '5s'); doubles each time. */
  readonly reconnectDelay?: ReconnectDelay
}

const NAMES = ['reconnect', 'reconnectDelay'] as const satisfies (keyof SocketTextOptions)[]

/**
 * Newline-separated text from a TCP server. The socket reads straight into the blocks' shared memory: no copy, no
 * string, no object a line. A lost or refused connection is reported and tried again forever, unless `reconnect` is
 * false; what the server sends meanwhile is lost, as TCP has no memory of it. An unfinished last line of a connection
 * counts as a line. `delay` replaces the timer.
 */
export function socketTextSource(
  host: string,
  port: number,
  options: SocketTextOptions = {},
  delay: Delay = realDelay,
): ReceiverSource {
  if (typeof host !== 'string' || host === '') {
    throw new ArgumentError(`host is ${describe(host)}; it must be a host name or an IP address.`, { host })
  }
  checkInteger('port', port, 1, 65_535)
  checkNames(options, NAMES, 'socketTextStream')
  const { min, max } = reconnectDelay(options.reconnectDelay, { min: 100, max: 5000 })
  const reconnect = checkBoolean('reconnect', options.reconnect ?? true)
  const name = `socket ${host}:${port}`

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    let wait = min
    while (!signal.aborted) {
      const { bytes, fault } = await connection(host, port, sink, signal, ready)
      if (bytes > 0) sink.endOfText()
      if (!reconnect && !signal.aborted && fault !== undefined) {
        throw new SourceError(`${name}: ${messageOf(fault)}.`, { cause: fault })
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

/** Without this limit, the system would try for minutes to reach a host that does not answer. */
const CONNECT_TIMEOUT_MS = 20_000

/** Handles one connection from the attempt to its close. Resolves when no read can access shared memory any more. */
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
      // Deferred: Node may be in the middle of connecting, and would continue with a handle that no longer exists.
      queueMicrotask(() => socket.destroy())
    }
    // Node requests the next buffer right after each read, even if the answer to that read was "pause". An exception in
    // these two functions would escape from the event loop, so it ends the connection instead.
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
    // Without keep-alives, a peer that vanished without a packet (power, cable) would never be noticed.
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
    // Not 'end' or destroy(): only at 'close' has the system returned the read buffer.
    socket.once('close', () => {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      resolve({ bytes, fault })
    })
    signal.addEventListener('abort', stop, { once: true })
    socket.connect(options)
  })
}
