/*
 * The thread with a ZeroMQ socket. In the driver's thread, the native client delayed the event loop by 27 to 45 ms
 * (p99, 80,000 messages/s). With a thread of its own, the delay is 6 to 8 ms (p99, 125,000 to 160,000 messages/s).
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Publisher, Pull, Push, Subscriber } from 'zeromq'
import { messageOf } from '../../values/message-of.js'
import { onExitSignal } from './exit-signal.js'
import { type FromSocket, MOST_ON_THE_WAY, type SocketThreadData, type ToSocket } from './messages.js'

const RECORDS_A_CHUNK = 1024
const BYTES_A_CHUNK = 256 * 1024
/**
 * A stopped socket closes when no message has arrived for this time, in ms: the system's buffers may still contain
 * some.
 */
const QUIET_MS = 50

const { settings, exit } = workerData as SocketThreadData
const port = parentPort!
const post = (message: FromSocket) => port.postMessage(message)

async function open(): Promise<Subscriber | Pull | Push | Publisher> {
  const zmq = await import('zeromq')
  const { type, highWaterMark, curve, lingerMs, sendTimeoutMs, maxMessageBytes } = settings
  const keys = curve && {
    curvePublicKey: curve.publicKey,
    curveSecretKey: curve.secretKey,
    ...(settings.connect.length > 0 ? { curveServerKey: curve.serverKey } : { curveServer: true }),
  }
  const receiving = { ...keys, receiveHighWaterMark: highWaterMark, maxMessageSize: maxMessageBytes }
  const sending = { ...keys, sendHighWaterMark: highWaterMark, linger: lingerMs, sendTimeout: sendTimeoutMs }
  // A peer that is not connected yet gets no messages. They would wait for it while other peers are idle.
  if (type === 'push') return new zmq.Push({ ...sending, immediate: true })
  if (type === 'pub') return new zmq.Publisher(sending)
  if (type === 'pull') return new zmq.Pull(receiving)
  const socket = new zmq.Subscriber(receiving)
  socket.subscribe(...settings.topics)
  return socket
}

/** Reports each lost peer once, until it is connected again. The socket itself retries for ever. */
function watch(socket: Subscriber | Pull | Push | Publisher): void {
  const lost = new Set<string>()
  const isLost = ({ address }: { address: string }) => {
    if (lost.has(address)) return
    lost.add(address)
    post({ kind: 'note', message: `${address} cannot be reached; ZeroMQ tries again until it can` })
  }
  if (settings.connect.length === 0) return
  socket.events.on('connect:retry', isLost)
  socket.events.on('disconnect', isLost)
  socket.events.on('handshake', ({ address }) => lost.delete(address))
  socket.events.on('handshake:error:protocol', ({ address }) => {
    post({ kind: 'note', message: `${address} does not speak ZeroMQ as this socket does` })
  })
  socket.events.on('handshake:error:auth', ({ address }) => {
    post({ kind: 'note', message: `${address} refused the keys of this socket` })
  })
}

/** Sends messages to the driver in chunks, and limits the chunks in flight. */
class Chunks {
  #records: unknown[] = []
  #bytes = 0
  #free = MOST_ON_THE_WAY
  #isScheduled = false
  #wake: (() => void) | undefined

  add(record: unknown, bytes: number): void {
    this.#records.push(record)
    this.#bytes += bytes
    if (this.isFull) this.flush()
    else if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(() => this.flush())
    }
  }

  get isFull(): boolean {
    return this.#records.length >= RECORDS_A_CHUNK || this.#bytes >= BYTES_A_CHUNK
  }

  flush(): void {
    this.#isScheduled = false
    if (this.#records.length === 0 || this.#free === 0) return
    this.#free--
    post({ kind: 'records', records: this.#records })
    this.#records = []
    this.#bytes = 0
  }

  taken(): void {
    this.#free++
    this.flush()
    this.#wake?.()
  }

  /** Resolves when the next message may be read from the socket. */
  async room(): Promise<void> {
    while (this.isFull && !isStopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }

  /** Sends the rest, however many chunks are in flight: the last batch needs it. */
  end(): void {
    this.#free = 1
    this.flush()
    this.#wake?.()
  }
}

let isStopped = false

async function receive(socket: Subscriber | Pull): Promise<void> {
  const chunks = new Chunks()
  const decode = (frame: Buffer) => (settings.value === 'text' ? frame.toString('utf8') : new Uint8Array(frame))
  const take = (frames: readonly Buffer[]) => {
    const bytes = frames.reduce((sum, { length }) => sum + length, 0)
    chunks.add(settings.multipart ? frames.map(decode) : decode(frames.at(-1)!), bytes)
  }
  port.on('message', ({ kind }: ToSocket) => {
    if (kind === 'taken') chunks.taken()
    else if (kind === 'stop') {
      isStopped = true
      chunks.end()
      closeSoon()
    }
  })
  let quiet: NodeJS.Timeout | undefined
  const closeSoon = () => {
    clearTimeout(quiet)
    quiet = setTimeout(() => socket.close(), QUIET_MS)
  }
  post({ kind: 'ready' })
  try {
    // After a stop, the loop ends after one buffer of messages, even if a peer continues to send.
    for (let rest = settings.highWaterMark; rest > 0; ) {
      take(await socket.receive())
      await chunks.room()
      if (!isStopped) continue
      closeSoon()
      rest--
    }
  } catch (error) {
    if (!isStopped) throw error
  }
  clearTimeout(quiet)
  chunks.end()
}

/** Sends the driver's messages, in order. */
async function send(socket: Push | Publisher): Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  const sendAll = async (messages: readonly (readonly (string | Uint8Array)[])[]) => {
    try {
      for (const frames of messages) await socket.send(frames as (string | Uint8Array)[])
      post({ kind: 'sent' })
    } catch (error) {
      post({ kind: 'sent', error: messageOf(error) })
    }
  }
  const stopped = new Promise<void>((resolve) => {
    port.on('message', (message: ToSocket) => {
      if (message.kind === 'send') last = last.then(() => sendAll(message.messages))
      else if (message.kind === 'stop') resolve()
    })
  })
  post({ kind: 'ready' })
  await stopped
  await last
}

/** Closes the socket before the thread ends, by an error or at the exit of the process. See ExitSignal. */
function closeFirst(socket: Subscriber | Pull | Push | Publisher): void {
  onExitSignal(exit, () => socket.close())
  process.once('uncaughtException', (error) => {
    post({ kind: 'failed', message: `its thread failed: ${messageOf(error).replace(/\.$/, '')}`, isMissing: false })
    socket.close()
    port.close()
  })
}

async function run(): Promise<void> {
  let socket: Subscriber | Pull | Push | Publisher | undefined
  try {
    socket = await open()
    closeFirst(socket)
    watch(socket)
    for (const address of settings.bind) await socket.bind(address)
    for (const address of settings.connect) socket.connect(address)
    // The native class has the methods of all socket types.
    if (settings.type === 'sub' || settings.type === 'pull') await receive(socket as Subscriber | Pull)
    else await send(socket as Push | Publisher)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    post({ kind: 'failed', message: messageOf(error), isMissing })
  } finally {
    socket?.close()
    port.close()
  }
}

await run()
