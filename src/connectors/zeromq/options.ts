import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'

/** Encrypts a socket with ZeroMQ's CURVE. Keys are texts of 40 characters, as `curveKeyPair()` returns them. */
export interface ZeromqCurve {
  readonly publicKey: string
  readonly secretKey: string
  /** Public key of the other side. Required on the side that connects. */
  readonly serverKey?: string
}

/** How a socket connects to its peers. */
export interface ZeromqEndpoint {
  /** Addresses to connect to, such as `'tcp://127.0.0.1:5555'`. Set exactly one of `connect` and `bind`. */
  readonly connect?: string | readonly string[]
  /** Addresses to listen on. */
  readonly bind?: string | readonly string[]
  readonly curve?: ZeromqCurve
}

export interface ZeromqSourceOptions extends ZeromqEndpoint {
  /** `'sub'` subscribes to publishers. `'pull'` receives a share of the messages that others push. */
  readonly type: 'sub' | 'pull'
  /** With `'sub'`: prefixes of the messages to receive (all). */
  readonly topics?: string | readonly string[]
  /** How frames are decoded: `'text'` (default) or `'bytes'`. */
  readonly value?: 'text' | 'bytes'
  /** Makes each record an array of all frames of a message (`false`). Default: the record is the last frame. */
  readonly multipart?: boolean
  /** Messages that the socket buffers for each peer (100,000). A publisher drops messages beyond that. */
  readonly receiveHighWaterMark?: number
  /** Bytes of the largest message (64 MiB). A peer that exceeds the limit is disconnected. */
  readonly maxMessageBytes?: number
}

/** The type of the records that a source with these options yields. */
export type ZeromqRecordOf<O> = O extends { readonly multipart: true } ? ZeromqFrameOf<O>[] : ZeromqFrameOf<O>

/** The type of the frames of a message with these options. */
export type ZeromqFrameOf<O> = O extends { readonly value: 'bytes' } ? Uint8Array : string

export interface ZeromqSinkOptions extends ZeromqEndpoint {
  /** `'push'` distributes messages over its peers in turn. `'pub'` sends each message to all subscribers. */
  readonly type: 'push' | 'pub'
  /** First frame of each message, which subscriptions match (none). */
  readonly topic?: string
  /** Adds a last frame with an id to each message, by which receivers can drop duplicates (`false`). */
  readonly ids?: boolean
  /** How long a message may wait for a peer with room ('30s'). After that, the output fails. */
  readonly sendTimeout?: Duration
  /** Messages that the socket buffers for each peer (100,000). */
  readonly sendHighWaterMark?: number
  /** How long the end of a stream waits for buffered messages to be sent ('5s'). */
  readonly linger?: Duration
}

/** Plain data for the thread with the socket. */
export interface SocketSettings {
  readonly type: 'sub' | 'pull' | 'push' | 'pub'
  readonly connect: readonly string[]
  readonly bind: readonly string[]
  readonly curve: ZeromqCurve | undefined
  readonly topics: readonly string[]
  readonly value: 'text' | 'bytes'
  readonly multipart: boolean
  readonly highWaterMark: number
  readonly maxMessageBytes: number
  readonly sendTimeoutMs: number
  readonly lingerMs: number
}

const ENDPOINT = ['connect', 'bind', 'curve']
const SOURCE = [...ENDPOINT, 'type', 'topics', 'value', 'multipart', 'receiveHighWaterMark', 'maxMessageBytes']
const SINK = [...ENDPOINT, 'type', 'topic', 'ids', 'sendTimeout', 'sendHighWaterMark', 'linger']
/** The transport inproc cannot reach sockets of other threads, so it is refused. */
const ADDRESS = /^(tcp|ipc):\/\/\S+$/
const check = new OptionCheck('zeromq')
const DEFAULTS = {
  topics: [],
  value: 'text',
  multipart: false,
  highWaterMark: 100_000,
  maxMessageBytes: 64 * 1024 * 1024,
  sendTimeoutMs: 30_000,
  lingerMs: 0,
} as const

/** Checks the options of a source. No message contains keys. @throws ArgumentError that names the option. */
export function checkSourceOptions(options: ZeromqSourceOptions): SocketSettings {
  check.names(options, SOURCE)
  const type = check.oneOf('type', options.type, ['sub', 'pull'])
  const topics = typeof options.topics === 'string' ? [options.topics] : options.topics
  if (topics !== undefined && type === 'pull') throw check.wrong('topics', options.topics, "used with type 'sub' only")
  return {
    ...DEFAULTS,
    ...checkEndpoint(options),
    type,
    topics: check.texts('topics', topics ?? [''], 'a text or a list of texts'),
    value: check.oneOf('value', options.value ?? DEFAULTS.value, ['text', 'bytes']),
    multipart: check.boolean('multipart', options.multipart ?? DEFAULTS.multipart),
    highWaterMark: highWaterMark('receiveHighWaterMark', options.receiveHighWaterMark),
    maxMessageBytes: check.integer('maxMessageBytes', options.maxMessageBytes ?? DEFAULTS.maxMessageBytes, 1),
  }
}

/** Checks the options of a sink. No message contains keys. @throws ArgumentError that names the option. */
export function checkSinkOptions(options: ZeromqSinkOptions): {
  readonly socket: SocketSettings
  readonly topic: string | undefined
  readonly ids: boolean
} {
  check.names(options, SINK)
  if (options.topic !== undefined && typeof options.topic !== 'string')
    throw check.wrong('topic', options.topic, 'a text')
  return {
    socket: {
      ...DEFAULTS,
      ...checkEndpoint(options),
      type: check.oneOf('type', options.type, ['push', 'pub']),
      highWaterMark: highWaterMark('sendHighWaterMark', options.sendHighWaterMark),
      sendTimeoutMs: toMillis(options.sendTimeout ?? DEFAULTS.sendTimeoutMs, 'zeromq sendTimeout'),
      lingerMs: toMillis(options.linger ?? '5s', 'zeromq linger'),
    },
    topic: options.topic,
    ids: check.boolean('ids', options.ids ?? false),
  }
}

function highWaterMark(option: string, given: unknown): number {
  return check.integer(option, given ?? DEFAULTS.highWaterMark, 1, 100_000_000)
}

function checkEndpoint({ connect, bind, curve }: ZeromqEndpoint) {
  const [connects, binds] = [addresses('connect', connect), addresses('bind', bind)]
  if (connects.length > 0 === binds.length > 0) throw check.wrong('connect', connect, 'set exactly if bind is not')
  return { connect: connects, bind: binds, curve: curve && checkCurve(curve, connects.length > 0) }
}

function addresses(option: string, given: unknown): readonly string[] {
  if (given === undefined) return []
  const list = typeof given === 'string' ? [given] : given
  const isValid = Array.isArray(list) && list.length > 0 && list.every((address) => ADDRESS.test(String(address)))
  if (isValid) return list as string[]
  throw check.wrong(option, given, "an address such as 'tcp://127.0.0.1:5555' or 'ipc:///tmp/socket'")
}

function checkCurve({ publicKey, secretKey, serverKey }: ZeromqCurve, connects: boolean): ZeromqCurve {
  const keys = connects ? { publicKey, secretKey, serverKey } : { publicKey, secretKey }
  for (const [name, key] of Object.entries(keys))
    if (typeof key !== 'string' || key.length !== 40)
      throw check.wrong(`curve.${name}`, typeof key === 'string' ? undefined : key, 'a key of 40 characters')
  return { publicKey, secretKey, ...(serverKey === undefined ? {} : { serverKey }) }
}
