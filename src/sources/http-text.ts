import type { Agent } from 'node:http'
import { ArgumentError, SourceError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { type Delay, delay as realDelay } from '../ops/wait.js'
import { describe } from '../values/describe.js'
import { checkBoolean, checkInteger, LONGEST_TIMER, type ReconnectDelay, reconnectDelay } from './check.js'
import { attempt, type BodyReader } from './http-body.js'
import { type HttpTarget, place } from './http-open.js'
import { HttpRetry, type RetryTimes } from './http-retry.js'
import { LineGate } from './line-gate.js'
import { LoopReceiver } from './loop-receiver.js'

export interface HttpTextOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Default: GET, or POST with a body. */
  readonly method?: string
  readonly body?: string | Uint8Array
  /**
   * Whether to request again after the answer ends or a request fails (true). With `false`, the input ends with the
   * answer, and a failed request is an error: `start` rejects with SourceError, or the source reports it and ends.
   */
  readonly reconnect?: boolean
  /**
   * Wait after a network error (`{ min: 250, max: 16000 }`, in ms or as '16s'): grows by `min` up to `max`. `min` is
   * also the wait after an answer that contained bytes.
   */
  readonly reconnectDelay?: ReconnectDelay
  /** Pause in ms after an answer such as 503 (5,000). Doubles each time, up to 64 times the value. */
  readonly httpErrorDelay?: number
  /** Pause in ms after a 429 that names no time (60,000). Doubles each time, up to 16 times the value. */
  readonly rateLimitDelay?: number
  /**
   * Milliseconds without a byte of the body, keep-alives included, after which the source reconnects (20,000; 0: never).
   * The head of an answer, with redirects and interim answers, must arrive within the same time; within 20,000 ms if
   * it is 0.
   */
  readonly idleTimeout?: number
  /** Bytes above which a line is dropped and reported (16 MiB). An unfinished line takes at most as much memory. */
  readonly maxLineBytes?: number
  /** Agent for certificates and proxies. Default: a connection of its own per request. */
  readonly agent?: Agent
}

const NAMES = [
  'headers',
  'method',
  'body',
  'reconnect',
  'reconnectDelay',
  'httpErrorDelay',
  'rateLimitDelay',
  'idleTimeout',
  'maxLineBytes',
  'agent',
] as const satisfies (keyof HttpTextOptions)[]

/** Replaces the timer and the time of day. */
export interface HttpTime {
  readonly delay?: Delay
  readonly now?: () => number
}

/**
 * Receives the lines of an HTTP answer that does not end, such as newline-delimited JSON. Skips blank lines
 * (keep-alives). After a lost connection it reconnects after the shortest pause, after errors with increasing pauses
 * (see HttpRetry). Data that the server sends meanwhile is lost, unless the URL requests it again. It drops the
 * unfinished last line of a broken connection, and keeps that of a complete answer. An answer that ends counts as a
 * lost connection, unless `reconnect` is false.
 *
 * Answers 400, 401, 403 and 404 are final: `start` rejects with a SourceError, or the source reports the answer and
 * ends.
 */
export function httpTextSource(
  url: string | URL,
  options: HttpTextOptions = {},
  { delay = realDelay, now = Date.now }: HttpTime = {},
): ReceiverSource {
  checkNames(options, NAMES, 'httpTextStream')
  const target = targetOf(url, options)
  const times: RetryTimes = {
    reconnect: reconnectDelay(options.reconnectDelay, { min: 250, max: 16_000 }),
    httpError: options.httpErrorDelay ?? 5000,
    rateLimit: options.rateLimitDelay ?? 60_000,
    now,
  }
  const idleTimeout = options.idleTimeout ?? 20_000
  const maxLineBytes = options.maxLineBytes ?? 16 * 1024 * 1024
  checkInteger('httpErrorDelay (ms)', times.httpError, 1, LONGEST_TIMER >> 6)
  checkInteger('rateLimitDelay (ms)', times.rateLimit, 1, LONGEST_TIMER >> 4)
  checkInteger('idleTimeout (ms)', idleTimeout, 0, LONGEST_TIMER)
  checkInteger('maxLineBytes', maxLineBytes, 1)
  const reconnect = checkBoolean('reconnect', options.reconnect ?? true)
  const name = `http ${place(target.url)}`

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    const retry = new HttpRetry(times)
    while (!signal.aborted) {
      const lost = await attempt({
        name,
        target,
        idleTimeout,
        sink,
        signal,
        ready,
        retry,
        body: lines(name, maxLineBytes, sink),
      })
      if (!reconnect && !signal.aborted && !lost.complete) {
        throw new SourceError(`${name}: ${lost.reason}.`, { cause: lost.cause })
      }
      ready()
      if (!reconnect) return
      if (signal.aborted) return
      sink.report(`${name}: ${lost.reason}. Requesting again in ${lost.wait} ms.`, lost.cause)
      await delay(lost.wait, signal)
    }
  }
  return { kind: 'receiver', name, codec: 'text', create: () => new LoopReceiver(name, loop) }
}

function targetOf(url: string | URL, options: HttpTextOptions): HttpTarget {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new ArgumentError(`url is ${describe(String(url))}; it must be an absolute http or https URL.`)
  }
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST')
  return { url: parsed, method, headers: options.headers ?? {}, body: options.body, agent: options.agent }
}

/** Forwards lines that are not blank. */
function lines(name: string, maxLineBytes: number, sink: ReceiverSink): BodyReader {
  const gate = new LineGate(maxLineBytes, (bytes) =>
    sink.report(`${name}: a line of ${bytes} bytes was dropped because maxLineBytes is ${maxLineBytes}.`),
  )
  return {
    *take(chunk) {
      for (const piece of gate.pieces(chunk)) yield sink.text(piece)
    },
    complete: () => {
      const rest = gate.rest()
      if (rest) sink.text(rest)
      sink.endOfText()
    },
    broken: () => {
      const rest = gate.rest()
      return rest && `an unfinished line of ${rest.length} bytes was dropped`
    },
  }
}
