import { ArgumentError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'

/** Ms that the page may take to answer. */
const ANSWER_MS = 30_000

/** Asks the page of a running pipeline. */
export class PageClient {
  readonly #page: URL
  readonly #headers: Readonly<Record<string, string>>

  constructor(page: URL, token: string | undefined) {
    this.#page = page
    // The page answers queries only with this header, which a website cannot send.
    this.#headers = { 'x-millrace-request': '1', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  }

  get url(): string {
    return this.#page.href
  }

  /** Returns a resource below `/api/v1`. @throws ArgumentError if no page answers, or it refuses */
  async get(path: string): Promise<unknown> {
    const url = new URL(`api/v1/${path}`, this.#page)
    const response = await this.#fetch(url)
    const text = await response.text()
    const answer = parsed(text) as { readonly error?: { readonly message?: string } } | undefined
    if (response.ok && answer !== undefined) return answer
    const why = answer?.error?.message ?? `it is no page of Millrace (status ${response.status})`
    const advice = response.status === 401 ? ' Pass the token with --token, or in the variable MILLRACE_TOKEN.' : ''
    throw new ArgumentError(`${url.href}: ${why}${advice}`, { status: response.status })
  }

  async #fetch(url: URL): Promise<Response> {
    try {
      return await fetch(url, { headers: this.#headers, signal: AbortSignal.timeout(ANSWER_MS), redirect: 'error' })
    } catch (cause) {
      const why = messageOf((cause as Error).cause ?? cause)
      throw new ArgumentError(
        `No page answers at ${this.#page.href} (${why}). Start the pipeline with a page: millrace run --ui, or the option ui.`,
        {},
        cause,
      )
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
