import type { RequestListener } from 'node:http'
import { ArgumentError } from '../../errors.js'
import { checkNames } from '../../ops/option-names.js'
import { describe } from '../../values/describe.js'

/** The live page of running streams: option `ui` of a StreamingContext. */
export interface UiOptions {
  /**
   * Port of the page (4040). If it is taken, the page uses the next free one of sixteen, or any; 0: any. `false`: the page has no
   * server of its own, and is only served through `ssc.ui.handler`.
   */
  readonly port?: number | false
  /** Address to listen on (127.0.0.1). Other machines reach the page only at another address, which requires `token`. */
  readonly host?: string
  /**
   * Secret of at least 16 characters that every request must have (none): `Authorization: Bearer <token>`, or the cookie that
   * `/?token=<token>` sets.
   */
  readonly token?: string
  /**
   * Host names under which the page is reached, beside those of loopback (none). Requests without a token and with
   * another name are refused, because a website could have its own name resolve to this machine.
   */
  readonly allowedHosts?: readonly string[]
  /** Path under which `ssc.ui.handler` is mounted, such as '/streams' (''). */
  readonly basePath?: string
  /** Whether the page has a button that terminates a worker thread, to watch it recover (false). */
  readonly chaos?: boolean
}

export interface CheckedUiOptions {
  readonly port: number | false
  readonly host: string
  readonly token: string | undefined
  readonly allowedHosts: readonly string[]
  readonly basePath: string
  readonly chaos: boolean
}

/** The live page of one context. */
export interface StreamingUi {
  /** The address of the page; undefined before start(), after stop(), and with `port: false`. */
  readonly url: string | undefined
  /**
   * Answers the requests of the page and of `/api/v1`. For a server of your own:
   *
   * ```ts
   * const { createServer } = await import('node:http')
   * await using streams = new StreamingContext({ batchInterval: '1s', ui: { port: false } })
   * const server = createServer(streams.ui!.handler)
   * ```
   */
  readonly handler: RequestListener
}

const NAMES = ['port', 'host', 'token', 'allowedHosts', 'basePath', 'chaos'] as const
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|::1)$/
const LEAST_TOKEN = 16

/** Checks the option `ui`. Returns undefined if it is off. @throws ArgumentError that names the invalid part. */
export function checkUi(given: boolean | UiOptions | undefined): CheckedUiOptions | undefined {
  if (given === undefined || given === false) return undefined
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ArgumentError(`ui is ${describe(given)}; it must be true, false or an object such as { port: 4040 }.`)
  }
  const options = given === true ? {} : given
  checkNames(options, NAMES, 'ui')
  const { port = 4040, host = '127.0.0.1', token, allowedHosts = [], basePath = '', chaos = false } = options
  if (port !== false && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new ArgumentError(`ui.port is ${describe(port)}; it must be a port from 0 to 65535, or false.`, { port })
  }
  if (typeof host !== 'string' || host === '') {
    throw new ArgumentError(`ui.host is ${describe(host)}; it must be an address such as '127.0.0.1'.`, { host })
  }
  if (token !== undefined && (typeof token !== 'string' || token.length < LEAST_TOKEN)) {
    throw new ArgumentError(`ui.token must be a text of at least ${LEAST_TOKEN} characters.`)
  }
  if (token === undefined && port !== false && !LOOPBACK.test(host)) {
    throw new ArgumentError(
      `ui.host is '${host}', which other machines can reach. Set ui.token to a secret, or omit ui.host to serve this machine only.`,
      { host },
    )
  }
  if (!Array.isArray(allowedHosts) || !allowedHosts.every((name) => typeof name === 'string' && name !== '')) {
    throw new ArgumentError(
      `ui.allowedHosts is ${describe(allowedHosts)}; it must be an array of host names such as ['streams.example.org'].`,
    )
  }
  if (typeof basePath !== 'string' || !/^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*$/.test(basePath)) {
    throw new ArgumentError(`ui.basePath is ${describe(basePath)}; it must be '' or a path such as '/streams'.`)
  }
  if (typeof chaos !== 'boolean') throw new ArgumentError(`ui.chaos is ${describe(chaos)}; it must be true or false.`)
  return { port, host, token, allowedHosts, basePath, chaos }
}
