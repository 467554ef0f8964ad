import type { IncomingMessage } from 'node:http'
import { SourceError } from '../../errors.js'
import { type HttpTarget, open } from '../../sources/http-open.js'
import type { CheckedXOptions } from './options.js'

/** Characters of an answer that an error quotes. */
const EXCERPT = 300
/** Bytes of an answer to a request for rules: 25,000 rules of 2,048 characters. */
const LONGEST_ANSWER = 128 * 1024 * 1024

/** Answers that the next request would get as well, and what to do about them. */
const FINAL: Readonly<Record<number, string>> = {
  400: 'Check rules, fields and expansions',
  401: 'Check bearerToken: X does not accept it',
  403: 'Check that the access tier of the app has the filtered stream and backfillMinutes',
  404: 'Check url',
}

/** An answer that says no, for now. */
export class Refusal extends Error {
  readonly status: number
  readonly headers: IncomingMessage['headers']

  constructor(message: string, { statusCode = 0, headers }: IncomingMessage) {
    super(message)
    this.status = statusCode
    this.headers = headers
  }
}

/** The endpoints of X. */
export class XApi {
  readonly #options: CheckedXOptions
  readonly #name: string

  constructor(name: string, options: CheckedXOptions) {
    this.#name = name
    this.#options = options
  }

  /** Opens the stream: resolves with the head of the answer. @throws Refusal, or SourceError if it is final. */
  async stream(signal: AbortSignal): Promise<IncomingMessage> {
    const query = this.#options.query.toString()
    return await this.#ask('GET', `/2/tweets/search/stream${query && `?${query}`}`, undefined, signal)
  }

  /** Asks the endpoint of rules. @throws Refusal, or SourceError if it is final. */
  async rules(
    method: 'GET' | 'POST',
    body: object | undefined,
    signal: AbortSignal,
    isDryRun = false,
  ): Promise<unknown> {
    const path = `/2/tweets/search/stream/rules${isDryRun ? '?dry_run=true' : ''}`
    const response = await this.#ask(method, path, body, signal)
    try {
      return JSON.parse(await textOf(response, LONGEST_ANSWER))
    } catch (cause) {
      throw new Refusal(`${method} ${path} was answered by what is not JSON: ${(cause as Error).message}`, response)
    }
  }

  async #ask(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, bearerToken } = this.#options
    const headers = {
      authorization: `Bearer ${bearerToken}`,
      'user-agent': 'millrace',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const target: HttpTarget = {
      url: new URL(path, url),
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const response = await open(target, signal)
    const { statusCode: status = 0 } = response
    if (status >= 200 && status <= 299) return response
    // A service may quote what it was sent.
    const text = (await textOf(response, 65_536)).replaceAll(bearerToken, '***').replace(/\s+/g, ' ').slice(0, EXCERPT)
    const what = `${method} ${path.replace(/\?.*/, '')} was answered ${status}${text && `: ${text}`}`
    const advice = FINAL[status]
    if (advice === undefined) throw new Refusal(what, response)
    throw new SourceError(`${this.#name}: ${what}. ${advice}. It is not requested again.`, {
      details: { final: true, status },
    })
  }
}

/** The text of an answer, or its beginning. */
async function textOf(response: IncomingMessage, most: number): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const piece of response as AsyncIterable<string>) {
    text += piece
    if (text.length > most) break
  }
  return text
}
