import { SaveError } from '../../errors.js'
import { delay } from '../../ops/wait.js'
import { messageOf } from '../../values/message-of.js'
import { type CheckedHttpOptions, nameOf } from './options.js'

/** Status codes after which the same request may succeed. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
const MOST_REDIRECTS = 5
/** The most bytes of a response that are read. A longer response closes the connection. */
const MOST_READ = 64 * 1024
/** The most characters of a response that an error quotes. */
const MOST_QUOTED = 500

interface Answer {
  readonly status: number
  readonly location: string | null
  readonly retryAfter: string | null
  readonly text: string
}

/** Sends one request until it succeeds, at most 1 + `retries` times, always with the same idempotency key. */
export async function send(options: CheckedHttpOptions, body: string, key: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted()
    const isLast = attempt >= options.retries
    let pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
    try {
      const answer = await request(options, body, key, signal)
      if (answer.status >= 200 && answer.status < 300) return
      if (isLast || !TRANSIENT.has(answer.status)) throw refused(options, answer, attempt)
      pause = Math.max(pause, waitOf(options, answer))
    } catch (cause) {
      if (cause instanceof SaveError || signal.aborted) throw cause
      if (isLast) throw unreachable(options, cause, attempt)
    }
    await delay(pause, signal)
  }
}

/** Sends a request, and follows redirects that keep the method and the origin. Headers and records go nowhere else. */
async function request(options: CheckedHttpOptions, body: string, key: string, signal: AbortSignal): Promise<Answer> {
  let url = options.url
  for (let redirects = 0; ; redirects++) {
    const answer = await once(options, url, body, key, signal)
    if ((answer.status !== 307 && answer.status !== 308) || answer.location === null) return answer
    const target = URL.canParse(answer.location, url) ? new URL(answer.location, url) : undefined
    if (target?.origin !== new URL(options.url).origin)
      throw fault(
        options,
        `redirects to another origin, ${target?.origin ?? 'which is no URL'}. Set url to where records shall go`,
        { final: true },
      )
    if (redirects === MOST_REDIRECTS) throw fault(options, `redirects more than ${MOST_REDIRECTS} times`)
    url = target.href
  }
}

async function once(
  { method, headers, format, timeoutMs }: CheckedHttpOptions,
  url: string,
  body: string,
  key: string,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': CONTENT_TYPES[format], ...headers, 'idempotency-key': key },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
  const text = await textOf(response)
  const { status } = response
  return { status, text, location: response.headers.get('location'), retryAfter: response.headers.get('retry-after') }
}

const CONTENT_TYPES = {
  'json-lines': 'application/x-ndjson',
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
}

/** Reads a response to its end, which frees the connection for the next request. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array)
    bytes += (chunk as Uint8Array).length
    if (bytes > MOST_READ) break
  }
  return Buffer.concat(chunks).toString()
}

/** Returns the pause that `Retry-After` requests, as seconds or as a date. */
function waitOf(options: CheckedHttpOptions, { retryAfter }: Answer): number {
  if (retryAfter === null) return 0
  const seconds = Number(retryAfter)
  const ms = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1000
  if (!(ms > 0)) return 0
  if (ms <= options.maxRetryAfterMs) return ms
  throw fault(
    options,
    `asks to wait for ${Math.ceil(ms / 1000)} s, and maxRetryAfter is ${options.maxRetryAfterMs / 1000} s`,
  )
}

function refused(options: CheckedHttpOptions, { status, text }: Answer, retries: number): SaveError {
  // A server may echo the request, with its secrets.
  const secrets = Object.values(options.headers).filter((value) => value !== '')
  const quoted = secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text).slice(0, MOST_QUOTED)
  const final = status >= 400 && status < 500 && !TRANSIENT.has(status)
  return fault(options, `answered ${status}${retriedBy(retries)}${quoted && `: ${quoted}`}`, { status, final })
}

function unreachable(options: CheckedHttpOptions, cause: unknown, retries: number): SaveError {
  // The message of `fetch` is general; the reason is in `cause`.
  const reason = messageOf((cause as { readonly cause?: unknown }).cause ?? cause)
  return fault(options, `cannot be reached${retriedBy(retries)}: ${reason}`, { cause })
}

function retriedBy(retries: number): string {
  return retries === 0 ? '' : ` after ${retries} ${retries === 1 ? 'retry' : 'retries'}`
}

function fault(
  { url, method }: CheckedHttpOptions,
  what: string,
  { cause, ...details }: Readonly<Record<string, unknown>> = {},
): SaveError {
  return new SaveError(`${method} ${nameOf(url)} ${what}.`, { cause, details })
}
