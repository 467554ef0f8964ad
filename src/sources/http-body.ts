import type { IncomingMessage } from 'node:http'
import { SourceError } from '../errors.js'
import type { ReceiverSink } from '../ops/source.js'
import { until } from '../ops/wait.js'
import { messageOf } from '../values/message-of.js'
import { type HttpTarget, open } from './http-open.js'
import type { HttpRetry } from './http-retry.js'
import { IdleTimer } from './idle-timer.js'

/** Ms to wait for the head of an answer when there is no limit for silence in its body. */
const HEAD_TIMEOUT_MS = 20_000
/** Answers that a repeated request would receive too. */
const FINAL = new Set([400, 401, 403, 404])

/** Receives the body of an answer. */
export interface BodyReader {
  /** Checks the head of a successful answer. @throws SourceError to refuse it. */
  head?(response: IncomingMessage): void
  /** Forwards a chunk in pieces; the caller checks for room after each. */
  take(chunk: Buffer): Iterable<unknown>
  /** Called at the end of the answer. */
  complete(): void
  /** Called when the connection broke. Returns a description of dropped data, if any. */
  broken(): string | undefined
}

export interface HttpAttempt {
  readonly name: string
  readonly target: HttpTarget
  /** Milliseconds without a byte after which the attempt fails; 0 for no limit. */
  readonly idleTimeout: number
  readonly sink: ReceiverSink
  readonly signal: AbortSignal
  readonly ready: () => void
  readonly retry: HttpRetry
  readonly body: BodyReader
}

/** How a request ended, and how long to wait before the next one. */
export interface Lost {
  readonly reason: string
  readonly wait: number
  /** Whether the answer was complete. */
  readonly complete?: boolean
  readonly cause?: unknown
}

/** Makes one request and reads its answer to the end. Rejects only with final errors. */
export async function attempt(at: HttpAttempt): Promise<Lost> {
  const { signal, retry, body } = at
  const idle = new IdleTimer(at.idleTimeout || HEAD_TIMEOUT_MS, signal)
  let received = 0
  try {
    const response = await open(at.target, idle.signal)
    const status = response.statusCode ?? 0
    if (status < 200 || status > 299) return await refused(at, response, status)
    checkEncoding(at, response)
    body.head?.(response)
    at.ready()
    await readBody(at, response, idle, (bytes) => {
      received += bytes
    })
    body.complete()
    return { reason: 'the answer is at its end', complete: true, wait: received > 0 ? retry.drop() : retry.network() }
  } catch (error) {
    if (error instanceof SourceError && error.details.final === true) throw error
    const dropped = body.broken()
    const cut = dropped === undefined ? '' : `; ${dropped}`
    const reason = idle.expired ? `nothing heard for ${at.idleTimeout || HEAD_TIMEOUT_MS} ms` : messageOf(error)
    return { reason: reason + cut, wait: received > 0 ? retry.drop() : retry.network(), cause: error }
  } finally {
    idle.end()
  }
}

/** Forwards the body. Time without a byte does not count while there is no room. */
async function readBody(
  { idleTimeout, sink, signal, body }: HttpAttempt,
  response: IncomingMessage,
  idle: IdleTimer,
  received: (bytes: number) => void,
): Promise<void> {
  const listen = () => (idleTimeout === 0 ? idle.pause() : idle.touch())
  listen()
  for await (const chunk of response as AsyncIterable<Buffer>) {
    listen()
    received(chunk.length)
    for (const _ of body.take(chunk)) {
      const room = sink.full()
      if (!room) continue
      idle.pause()
      await until(room, signal)
      signal.throwIfAborted()
      listen()
    }
  }
}

async function refused(at: HttpAttempt, response: IncomingMessage, status: number): Promise<Lost> {
  const reason = `${at.target.method} was answered ${status} ${response.statusMessage ?? ''}${await excerpt(response)}`
  if (!FINAL.has(status)) return { reason, wait: at.retry.status(status, response.headers) }
  throw new SourceError(`${at.name}: ${reason}. This is final; check the URL, the headers and the credentials.`, {
    details: { final: true, status },
  })
}

function checkEncoding(at: HttpAttempt, response: IncomingMessage): void {
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

/** Returns the beginning of an error's body, in which services name the fault. */
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
