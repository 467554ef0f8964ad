import type { Agent, IncomingMessage } from 'node:http'
import { SourceError } from '../errors.js'

/** What is asked for. */
export interface HttpTarget {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly agent?: Agent
}

const MAX_REDIRECTS = 5
/** Not for the eyes of another host. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization'])
const BODY_HEADERS = new Set(['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])

/** The address without credentials and query, for names and messages. */
export function place(url: URL): string {
  return url.origin + url.pathname
}

/**
 * Sends the request and resolves with the answer's head, after at most 5 redirects. Rejects with a SourceError whose
 * details say `final` when the redirects lead nowhere, otherwise with what the network said.
 */
export async function open(target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const asked = place(target.url)
  for (let redirects = 0; ; redirects++) {
    const response = await send(target, signal)
    const { location } = response.headers
    if (!isRedirect(response.statusCode) || location === undefined) return response
    response.destroy()
    if (redirects === MAX_REDIRECTS) {
      throw new SourceError(
        `${asked} redirects more than ${MAX_REDIRECTS} times, at last to ${location}. Check the URL.`,
        {
          details: { final: true, location },
        },
      )
    }
    target = follow(target, response.statusCode!, location)
  }
}

async function send(target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers, agent } = target
  // Not with the library, which would take a fifth longer to load.
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  return new Promise((resolve, reject) => {
    // No shared agent: a stream holds its connection for as long as it lives, nobody else can use it.
    const sent = request(url, { method, headers, signal, agent: agent ?? false })
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(target.body)
  })
}

function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** As browsers do: 303, and 301 or 302 after a POST, go on with a GET; another origin gets no credentials. */
function follow(target: HttpTarget, status: number, location: string): HttpTarget {
  const url = URL.canParse(location, target.url.href) ? new URL(location, target.url) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new SourceError(
      `${place(target.url)} redirects to ${location}, which is no http or https URL. Check the URL.`,
      {
        details: { final: true, location },
      },
    )
  }
  const asGet = (status === 303 && target.method !== 'HEAD') || (status < 303 && target.method === 'POST')
  const foreign = url.origin !== target.url.origin
  const kept = Object.entries(target.headers).filter(([name]) => {
    const key = name.toLowerCase()
    return !(foreign && (PRIVATE_HEADERS.has(key) || key === 'host')) && !(asGet && BODY_HEADERS.has(key))
  })
  const headers = Object.fromEntries(kept)
  return asGet ? { ...target, url, headers, method: 'GET', body: undefined } : { ...target, url, headers }
}
