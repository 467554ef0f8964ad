import type { IncomingMessage } from 'node:http'
import { SourceError } from '../../errors.js'
import { type HttpTarget, open } from '../../sources/http-open.js'
import type { CheckedXOptions } from './options.js'

/** The most characters of a response that an error quotes. */
const EXCERPT = 300
/** The most bytes of a response with rules: 25,000 rules of 2,048 characters. */
const LONGEST_ANSWER = 128 * 1024 * 1024

/** Status codes that a retry would get as well, with advice. */
const FINAL: Readonly<Record<number, string>> = {
  400: 'Check rules, fields and expansions',
  401: 'Check bearerToken: X does not accept it',
  403: 'Check that the access tier of the app has the filtered stream and backfillMinutes',
  404: 'Check url',
}

/** A response with an error status that is not final. */
export class Refusal extends Error {
  readonly status: number
  readonly headers: IncomingMessage['headers']

  constructor(message: string, { statusCode = 0, headers }: IncomingMessage) {
    super(message)
    this.status = statusCode
    this.headers = headers
  }
}

/** Sends requests to the endpoints of X. */
export class XApi {
  readonly #options: CheckedXOptions
  readonly #name: string

  constructor(name: string, options: CheckedXOptions) {
    this.#name = name
    this.#options = options
  }

  /**
   * Opens the stream. Resolves when the response's head has arrived. @throws Refusal, or SourceError if the error is
   * final.
   */
  async stream(signal: AbortSignal): Promise<IncomingMessage> {
    const query = this.#options.query.toString()
    return await this.#ask('GET', `/2/tweets/search/stream${query && `?${query}`}`, undefined, signal)
  }

  /** Requests or changes the rules. @throws Refusal, or SourceError if the error is final. */
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
    // A service may quote the request, with the token.
    const text = (await textOf(response, 65_536)).replaceAll(bearerToken, '***').replace(/\s+/g, ' ').slice(0, EXCERPT)
    const what = `${method} ${path.replace(/\?.*/, '')} was answered ${status}${text && `: ${text}`}`
    const advice = FINAL[status]
    if (advice === undefined) throw new Refusal(what, response)
    throw new SourceError(`${this.#name}: ${what}. ${advice}. It is not requested again.`, {
      details: { final: true, status },
    })
  }
}

/** Returns the text of a response, or the first part of it. */
async function textOf(response: IncomingMessage, most: number): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const piece of response as AsyncIterable<string>) {
    text += piece
    if (text.length > most) break
  }
  return text
}
