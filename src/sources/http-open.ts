import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { SourceError } from '../errors.js'

/** A request. */
export interface HttpTarget {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly agent?: Agent
}

const MAX_REDIRECTS = 5
const BODY_HEADERS = new Set(['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])

/** Returns the address without credentials and query, for names and messages. */
export function place(url: URL): string {
  return url.origin + url.pathname
}

/**
 * Sends the request and resolves with the head of the answer, after at most 5 redirects. Settles whatever the server
 * does, at the latest when `signal` aborts. Rejects with a SourceError whose details have `final` if the same request
 * can only fail again, otherwise with the network's error.
 */
export async function open(target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const asked = place(target.url)
  for (let redirects = 0; ; redirects++) {
    const response = await send(target, signal)
    const { location } = response.headers
    if (!isRedirect(response.statusCode) || location === undefined) return response
    response.destroy()
    if (redirects === MAX_REDIRECTS) {
      throw final(
        `${asked} redirects more than ${MAX_REDIRECTS} times, at last to ${withoutQuery(location)}. Check the URL.`,
        {
          location: withoutQuery(location),
        },
      )
    }
    target = follow(target, response.statusCode!, location)
  }
}

async function send(target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers, agent, body } = target
  // Imported on demand, because node:https takes a fifth longer to load than the rest of this module.
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  signal.throwIfAborted()
  let sent: ClientRequest
  try {
    // No shared agent, because a stream holds its connection for its whole life.
    sent = request(url, { method, headers, signal, agent: agent ?? false })
  } catch (cause) {
    throw final(
      `${place(url)} cannot be requested: ${(cause as Error).message}. Check the URL, headers and agent.`,
      {},
      cause,
    )
  }
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal.removeEventListener('abort', onAbort)
      sent.off('close', onClose)
    }
    const fail = (error: unknown) => {
      settle()
      reject(error)
    }
    // A request that waits for a socket of its agent reports neither an error nor a close.
    const onAbort = () => fail(new Error('the request was aborted'))
    const onClose = () => fail(new Error('the connection was closed before the answer started'))
    const onSwitch = ({ statusCode, statusMessage }: IncomingMessage, socket: Duplex) => {
      socket.destroy()
      fail(
        new Error(
          `${method} was answered ${statusCode} ${statusMessage ?? ''}, which switches away from HTTP, so no lines follow`,
        ),
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    sent.on('response', (response) => {
      settle()
      resolve(response)
    })
    // Node passes the raw connection here: after 101, and after 2xx to CONNECT.
    sent.on('upgrade', onSwitch)
    sent.on('connect', onSwitch)
    sent.on('error', fail)
    sent.on('close', onClose)
    sent.end(body)
  })
}

function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/**
 * Follows a redirect as browsers do: 303, and 301 or 302 after a POST, continue with a GET. Another origin receives
 * none of the caller's headers, because any may be a credential, and never a body.
 */
function follow(target: HttpTarget, status: number, location: string): HttpTarget {
  const from = place(target.url)
  const to = withoutQuery(location)
  const url = URL.canParse(location, target.url.href) ? new URL(location, target.url) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw final(`${from} redirects to ${to}, which is not an http or https URL. Check the URL.`, { location: to })
  }
  const asGet = (status === 303 && target.method !== 'HEAD') || (status < 303 && target.method === 'POST')
  const foreign = url.origin !== target.url.origin
  if (foreign && !asGet && target.body !== undefined) {
    throw final(
      `${from} redirects a ${target.method} with a body to another origin, ${url.origin}. The body is not sent there; use that URL instead.`,
      { location: to },
    )
  }
  const kept = foreign ? [] : Object.entries(target.headers)
  const headers = Object.fromEntries(kept.filter(([name]) => !(asGet && BODY_HEADERS.has(name.toLowerCase()))))
  return asGet ? { ...target, url, headers, method: 'GET', body: undefined } : { ...target, url, headers }
}

/** Queries and user names of a location may be secrets, so no message contains them. */
function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//')
}

function final(message: string, details: Readonly<Record<string, unknown>>, cause?: unknown): SourceError {
  return new SourceError(message, { cause, details: { final: true, ...details } })
}
