import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { CheckedUiOptions } from '../../engine/streaming/ui-options.js'

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403
  readonly code: 'host' | 'origin' | 'token' | 'header'
  readonly message: string
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The header that changes need. A website cannot add it to a request to another site. */
export const CHANGE_HEADER = 'x-millrace-request'

/** The cookie that holds the proof of the token. */
export const COOKIE = 'millrace_page'

type GuardOptions = Pick<CheckedUiOptions, 'host' | 'token' | 'allowedHosts' | 'basePath'>

/**
 * Decides which requests are answered: those with the token, or without one those that name this machine as their host. A
 * website that has its own name resolve to this machine sends that name. Requests that another site starts are refused.
 */
export class Guard {
  readonly #allowed: ReadonlySet<string>
  readonly #own: ReadonlySet<string>
  readonly #basePath: string
  readonly #proof: string | undefined

  constructor({ host, token, allowedHosts, basePath }: GuardOptions) {
    this.#allowed = new Set(allowedHosts.map((name) => name.toLowerCase()))
    this.#own = new Set([...LOOPBACK, (host.includes(':') ? `[${host}]` : host).toLowerCase()])
    this.#basePath = basePath
    this.#proof = token === undefined ? undefined : proofOf(token)
  }

  /** Returns the cookie for a right token; undefined for a wrong one, and without tokens. */
  cookieFor(token: string): string | undefined {
    if (this.#proof === undefined || !isEqual(proofOf(token), this.#proof)) return undefined
    return `${COOKIE}=${this.#proof}; HttpOnly; SameSite=Strict; Path=${this.#basePath || '/'}`
  }

  /**
   * Returns why a request is refused; undefined if it is not. One that costs much needs the header of changes, so that a
   * link on another site cannot start it.
   */
  refusal(request: IncomingMessage, isCostly = false): Refusal | undefined {
    const { headers, method } = request
    const host = headers.host?.toLowerCase() ?? ''
    if (this.#proof !== undefined) {
      if (!this.#hasToken(request)) {
        return refuse(401, 'token', 'Send the token as `Authorization: Bearer <token>`, or open /?token=<token>.')
      }
    } else if (!this.#isHost(host.replace(/:\d+$/, ''), request)) {
      return refuse(403, 'host', `The host of the request is not allowed. Add it to ui.allowedHosts, or set ui.token.`)
    }
    if (headers.origin !== undefined && !isOrigin(headers.origin, host)) {
      return refuse(403, 'origin', 'Another site started the request.')
    }
    const site = headers['sec-fetch-site']
    const isLink =
      method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
    if ((site === 'cross-site' || site === 'same-site') && !isLink) {
      return refuse(403, 'origin', 'Another site started the request.')
    }
    if ((method === 'POST' || isCostly) && headers[CHANGE_HEADER] !== '1') {
      return refuse(403, 'header', `A change or a query needs the header ${CHANGE_HEADER}: 1.`)
    }
    return undefined
  }

  /**
   * Whether a request may name this host. A server of the user's own may listen on all addresses: another machine that sends a
   * name of loopback is not this one.
   */
  #isHost(name: string, { socket }: IncomingMessage): boolean {
    return this.#allowed.has(name) || (this.#own.has(name) && isThisMachine(socket.remoteAddress))
  }

  #hasToken({ headers }: IncomingMessage): boolean {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return isEqual(proofOf(bearer), this.#proof!)
    const cookies = (headers.cookie ?? '').split(';').map((each) => each.trim())
    return cookies.some((each) => each.startsWith(`${COOKIE}=`) && isEqual(each.slice(COOKIE.length + 1), this.#proof!))
  }
}

/** Whether the other side of a connection is on this machine. Undefined: a pipe, or a connection that has ended. */
function isThisMachine(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(::ffff:)?127\./.test(address)
}

function refuse(status: Refusal['status'], code: Refusal['code'], message: string): Refusal {
  return { status, code, message }
}

function isOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host.toLowerCase() === host
}

/** The cookie does not contain the token itself. */
function proofOf(token: string): string {
  return createHash('sha256').update(`millrace page ${token}`).digest('hex')
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
