import { validateHeaderName, validateHeaderValue } from 'node:http'
import { ArgumentError } from '../../errors.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'

export interface HttpSinkOptions {
  /** The URL to which records are sent. */
  readonly url: string | URL
  /** `'POST'` (default), `'PUT'` or `'PATCH'`. */
  readonly method?: 'POST' | 'PUT' | 'PATCH'
  /**
   * Headers of each request, such as `authorization`. They are sent only to the origin of `url`, and appear in no
   * error.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * How a request's body contains records: `'json-lines'` (default), `'json'` (one array), or `'text'` (one line per
   * record).
   */
  readonly format?: 'json-lines' | 'json' | 'text'
  /** Records per request (500). */
  readonly batchSize?: number
  /** Names this application in the idempotency keys (`'millrace'`). A restarted process needs the same name. */
  readonly application?: string
  /** Retries after temporary faults before the batch fails (5). */
  readonly retries?: number
  /** How long a request may take, until its response is read (30 s). */
  readonly timeout?: Duration
  /** The longest `Retry-After` of the server that a batch waits for (60 s). A longer one fails the batch. */
  readonly maxRetryAfter?: Duration
}

export interface CheckedHttpOptions {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly format: 'json-lines' | 'json' | 'text'
  readonly batchSize: number
  readonly application: string
  readonly retries: number
  readonly timeoutMs: number
  readonly maxRetryAfterMs: number
}

const NAMES = ['url', 'method', 'headers', 'format', 'batchSize', 'application', 'retries', 'timeout', 'maxRetryAfter']

const check = new OptionCheck('http')

/** Checks the options. No message contains headers or the URL's query. @throws ArgumentError that names the option. */
export function checkHttpOptions(options: HttpSinkOptions): CheckedHttpOptions {
  check.names(options, NAMES)
  const { application = 'millrace' } = options
  if (typeof application !== 'string' || !/^[\w.-]{1,100}$/.test(application))
    throw check.wrong('application', application, 'a name of letters, digits, dots, dashes and underscores')
  return {
    url: checkUrl(options.url),
    method: check.oneOf('method', options.method ?? 'POST', ['POST', 'PUT', 'PATCH']),
    headers: checkHeaders(options.headers ?? {}),
    format: check.oneOf('format', options.format ?? 'json-lines', ['json-lines', 'json', 'text']),
    batchSize: check.integer('batchSize', options.batchSize ?? 500, 1),
    application,
    retries: check.integer('retries', options.retries ?? 5, 0),
    timeoutMs: toMillis(options.timeout ?? '30s', 'http timeout'),
    maxRetryAfterMs: toMillis(options.maxRetryAfter ?? '60s', 'http maxRetryAfter'),
  }
}

/** Returns origin and path of the URL: user names, passwords and queries are secrets. */
export function nameOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function checkUrl(url: string | URL): string {
  const given = String(url)
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new ArgumentError("http: url must be a URL such as 'https://example.org/events'.", { option: 'url' })
  const { username, password } = new URL(given)
  if (username !== '' || password !== '')
    throw new ArgumentError('http: url has a user name or password; use the header authorization for them.', {
      option: 'url',
    })
  return given
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) throw check.wrong('headers', headers, '{ name: value }')
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw new ArgumentError(`http: the header '${name}' has a name or value that HTTP does not allow.`, {
        option: 'headers',
      })
    }
    checked[name.toLowerCase()] = value
  }
  return checked
}
