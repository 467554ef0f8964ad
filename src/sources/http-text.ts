import type { Agent, IncomingMessage } from 'node:http'
import { ArgumentError, SourceError } from '../errors.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { type Delay, delay as realDelay, until } from '../ops/wait.js'
import { messageOf } from '../values/message-of.js'
import { checkBoolean, checkInteger, LONGEST_TIMER, type ReconnectDelay, reconnectDelay } from './check.js'
import { type HttpTarget, open, place } from './http-open.js'
import { HttpRetry, type RetryTimes } from './http-retry.js'
import { IdleTimer } from './idle-timer.js'
import { LineGate } from './line-gate.js'
import { LoopReceiver } from './loop-receiver.js'

export interface HttpTextOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** GET unless given, or POST if there is a body. */
  readonly method?: string
  readonly body?: string | Uint8Array
  /**
   * False: the input is at its end with the answer, and a request that fails is an error: `start` rejects with a
   * SourceError, or the source is reported and ends. For answers that are finite. True unless given.
   */
  readonly reconnect?: boolean
  /**
   * Wait after a network error in ms, growing by `min` up to `max`: 250 and 16,000 unless given. `min` is also the wait after
   * an answer that brought bytes.
   */
  readonly reconnectDelay?: ReconnectDelay
  /** Wait after an answer such as 503 in ms, doubled each time up to 64 times: 5,000 unless given. */
  readonly httpErrorDelay?: number
  /** Wait after a 429 that names no time, in ms, doubled each time up to 16 times: 60,000 unless given. */
  readonly rateLimitDelay?: number
  /**
   * Milliseconds without a byte of the body (keep-alives count) before it reconnects: 20,000 unless given, 0 for never. The
   * head of an answer, redirects and interim answers included, must arrive within the same time; within 20,000 ms if it is 0.
   */
  readonly idleTimeout?: number
  /** Longer lines are dropped and reported: 16 MiB unless given. An unfinished line is held in memory up to this. */
  readonly maxLineBytes?: number
  /** For certificates and proxies; by default each connection stands alone. */
  readonly agent?: Agent
  /** How to wait and what time it is, for tests. */
  readonly delay?: Delay
  readonly now?: () => number
}

/** The wait for the head of an answer where silence in its body may last for ever. */
const HEAD_TIMEOUT_MS = 20_000
/** Answers that the next request would get as well. */
const FINAL = new Set([400, 401, 403, 404])

/**
 * Lines of an HTTP answer that does not end, such as newline-delimited JSON. Blank lines (keep-alives) are no records.
 * After a drop it asks again after the least wait, after errors after growing waits (see HttpRetry). What the server sends
 * meanwhile is lost unless the URL asks for it. The last line of a broken connection is dropped if unfinished, that of a
 * complete answer is kept. An answer that ends counts as a drop, unless `reconnect` is false.
 *
 * 400, 401, 403 and 404 are final: `start` rejects with a SourceError, or the source is reported and ends.
 */
export function httpTextSource(url: string | URL, options: HttpTextOptions = {}): ReceiverSource {
  const target = targetOf(url, options)
  const times: RetryTimes = {
    reconnect: reconnectDelay(options.reconnectDelay ?? {}, { min: 250, max: 16_000 }),
    httpError: options.httpErrorDelay ?? 5000,
    rateLimit: options.rateLimitDelay ?? 60_000,
    now: options.now ?? Date.now,
  }
  const idleTimeout = options.idleTimeout ?? 20_000
  const maxLineBytes = options.maxLineBytes ?? 16 * 1024 * 1024
  checkInteger('httpErrorDelay (ms)', times.httpError, 1, LONGEST_TIMER >> 6)
  checkInteger('rateLimitDelay (ms)', times.rateLimit, 1, LONGEST_TIMER >> 4)
  checkInteger('idleTimeout (ms)', idleTimeout, 0, LONGEST_TIMER)
  checkInteger('maxLineBytes', maxLineBytes, 1)
  const reconnect = checkBoolean('reconnect', options.reconnect ?? true)
  const delay = options.delay ?? realDelay
  const name = `http ${place(target.url)}`

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    const retry = new HttpRetry(times)
    while (!signal.aborted) {
      const lost = await attempt({ name, target, idleTimeout, maxLineBytes, sink, signal, ready, retry })
      if (!reconnect && !signal.aborted && !lost.complete) {
        throw new SourceError(`${name}: ${lost.reason}. It is not asked again, as reconnect is false.`, {
          cause: lost.cause,
        })
      }
      ready()
      if (!reconnect) return
      if (signal.aborted) return
      sink.report(`${name}: ${lost.reason}. Asking again in ${lost.wait} ms.`, lost.cause)
      await delay(lost.wait, signal)
    }
  }
  return { kind: 'receiver', name, codec: 'text', create: () => new LoopReceiver(name, loop) }
}

function targetOf(url: string | URL, options: HttpTextOptions): HttpTarget {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new ArgumentError(`url is ${JSON.stringify(String(url))}; give an absolute http or https URL.`)
  }
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST')
  return { url: parsed, method, headers: options.headers ?? {}, body: options.body, agent: options.agent }
}

interface Attempt {
  readonly name: string
  readonly target: HttpTarget
  readonly idleTimeout: number
  readonly maxLineBytes: number
  readonly sink: ReceiverSink
  readonly signal: AbortSignal
  readonly ready: () => void
  readonly retry: HttpRetry
}

/** How a request ended, and how long to wait before the next. */
interface Lost {
  readonly reason: string
  readonly wait: number
  /** The answer came to its end. */
  readonly complete?: boolean
  readonly cause?: unknown
}

/** One request to the end of its answer. Rejects only for what is final. */
async function attempt(at: Attempt): Promise<Lost> {
  const { name, sink, signal, retry } = at
  const idle = new IdleTimer(at.idleTimeout || HEAD_TIMEOUT_MS, signal)
  const listen = () => (at.idleTimeout === 0 ? idle.pause() : idle.touch())
  const gate = new LineGate(at.maxLineBytes, (bytes) =>
    sink.report(`${name}: a line of ${bytes} bytes was dropped, maxLineBytes is ${at.maxLineBytes}.`),
  )
  let received = 0
  try {
    const response = await open(at.target, idle.signal)
    const status = response.statusCode ?? 0
    if (status < 200 || status > 299) return await refused(at, response, status)
    checkEncoding(at, response)
    at.ready()
    listen()
    for await (const chunk of response as AsyncIterable<Buffer>) {
      listen()
      received += chunk.length
      for (const piece of gate.pieces(chunk)) {
        sink.text(piece)
        const room = sink.full()
        if (!room) continue
        idle.pause()
        await until(room, signal)
        signal.throwIfAborted()
        listen()
      }
    }
    const rest = gate.rest()
    if (rest) sink.text(rest)
    sink.endOfText()
    return { reason: 'the answer is at its end', complete: true, wait: received > 0 ? retry.drop() : retry.network() }
  } catch (error) {
    if (error instanceof SourceError && error.details.final === true) throw error
    const rest = gate.rest()
    const cut = rest ? `; an unfinished line of ${rest.length} bytes was dropped` : ''
    const reason = idle.expired ? `nothing heard for ${at.idleTimeout || HEAD_TIMEOUT_MS} ms` : messageOf(error)
    return { reason: reason + cut, wait: received > 0 ? retry.drop() : retry.network(), cause: error }
  } finally {
    idle.end()
  }
}

async function refused(at: Attempt, response: IncomingMessage, status: number): Promise<Lost> {
  const reason = `${at.target.method} was answered ${status} ${response.statusMessage ?? ''}${await excerpt(response)}`
  if (!FINAL.has(status)) return { reason, wait: at.retry.status(status, response.headers) }
  throw new SourceError(`${at.name}: ${reason}. This is final; check the URL, the headers and the credentials.`, {
    details: { final: true, status },
  })
}

function checkEncoding(at: Attempt, response: IncomingMessage): void {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() || 'identity'
  if (encoding === 'identity') return
  response.destroy()
  throw new SourceError(
    `${at.name}: the answer is encoded as ${encoding}. Only plain text can be read; do not ask for it.`,
    {
      details: { final: true, encoding },
    },
  )
}

/** The beginning of an error's body: services say there what is wrong. */
async function excerpt(response: IncomingMessage): Promise<string> {
  let text = ''
  try {
    response.setEncoding('utf8')
    for await (const piece of response as AsyncIterable<string>) {
      text += piece
      if (text.length > 300) break
    }
  } catch (error) {
    text += ` (cut off: ${messageOf(error)})`
  }
  const line = text.slice(0, 300).replace(/\s+/g, ' ').trim()
  return line === '' ? '' : `: ${line}`
}
