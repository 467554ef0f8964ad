import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/**
 * How to reach a server: a URL, or an object with fields. Plain data, because the driver sends it to worker threads.
 */
export type RedisConnection =
  | string
  | {
      readonly host?: string
      readonly port?: number
      readonly username?: string
      readonly password?: string
      readonly db?: number
      /** Encrypts the connection: `true`, or options of `tls.connect` that are plain data. */
      readonly tls?: boolean | object
    }

export interface RedisSettings {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: object | undefined
  /** How long an operation is retried while the server cannot be reached, in ms. */
  readonly retryMs: number
}

const FIELDS = ['host', 'port', 'username', 'password', 'db', 'tls']

/** Checks the connection. @throws ArgumentError without the connection, as it may contain a password. */
export function checkConnection(given: unknown, retryMs: number): RedisSettings {
  const fields = typeof given === 'string' ? parseUrl(given) : given
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).some((name) => !FIELDS.includes(name)))
    throw wrong(`must be a URL such as 'redis://localhost:6379/0', or an object with ${FIELDS.join(', ')}.`)
  const {
    host = 'localhost',
    port = 6379,
    db = 0,
    username,
    password,
    tls,
  } = fields as Exclude<RedisConnection, string>
  if (typeof host !== 'string' || host === '')
    throw wrong(`has host ${describe(host)}; it must be a name or an address.`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong(`has port ${describe(port)}; it must be 1 to 65535.`)
  if (!Number.isInteger(db) || db < 0) throw wrong(`has db ${describe(db)}; it must be the number of a database.`)
  for (const secret of [username, password])
    if (secret !== undefined && typeof secret !== 'string') throw wrong('has a username or password that is no text.')
  return { host, port, username, password, db, tls: tls === true ? {} : tls || undefined, retryMs }
}

/** Host and port, for names and errors. */
export function serverOf({ host, port, db }: RedisSettings): string {
  return `${host}:${port}${db === 0 ? '' : `/${db}`}`
}

function parseUrl(text: string): RedisConnection | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, username, password, pathname } = new URL(text)
  if (protocol !== 'redis:' && protocol !== 'rediss:') return undefined
  return {
    host: hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: port === '' ? 6379 : Number(port),
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    db: pathname.length > 1 ? Number(pathname.slice(1)) : 0,
    tls: protocol === 'rediss:',
  }
}

function wrong(text: string): ArgumentError {
  return new ArgumentError(`redis: connection ${text}`, { option: 'connection' })
}
