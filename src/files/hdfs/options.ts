import { userInfo } from 'node:os'
import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

export interface HdfsOptions {
  /** The user whose permissions apply. Default: HADOOP_USER_NAME of the environment, or the user of the process. */
  readonly user?: string
  /** The user on whose behalf `user` acts, if the NameNode permits it. */
  readonly doAs?: string
  /** A delegation token, instead of a user. */
  readonly token?: string
  /**
   * URLs of the HTTP servers of NameNodes, by the host and port in paths: `{ 'cluster': ['http://nn1:9870',
   * 'http://nn2:9870'] }` for `hdfs://cluster/x`, of which one is active. Default: the host and port of the path, 9870
   * if it has none.
   */
  readonly nameNodes?: Readonly<Record<string, string | readonly string[]>>
  /** Ms without a byte after which the client drops a connection (30,000). */
  readonly timeout?: number
  /** Retries of a call that finds no server, with pauses from 100 ms to 2 s (4). */
  readonly retries?: number
}

export interface CheckedHdfsOptions {
  /** Query parameters that identify the caller. */
  readonly identity: Readonly<Record<string, string>>
  readonly nameNodes: ReadonlyMap<string, readonly string[]>
  readonly timeout: number
  readonly retries: number
}

const KNOWN = ['user', 'doAs', 'token', 'nameNodes', 'timeout', 'retries']

/** Checks HDFS options. @throws ArgumentError that names the first invalid option. Never shows the token. */
export function checkHdfsOptions(given: unknown = {}): CheckedHdfsOptions {
  if (typeof given !== 'object' || given === null) throw wrong('', given, 'an object such as { user: "etl" }')
  for (const name of Object.keys(given)) {
    if (!KNOWN.includes(name))
      throw new ArgumentError(`fileSystems.hdfs has no option ${describe(name)}. Known: ${KNOWN.join(', ')}.`, {
        option: name,
      })
  }
  const { user, doAs, token, nameNodes = {}, timeout = 30_000, retries = 4 } = given as HdfsOptions
  for (const [name, value] of Object.entries({ user, doAs }))
    if (value !== undefined && !isText(value)) throw wrong(name, value, 'a text')
  if (token !== undefined && !isText(token))
    throw new ArgumentError('fileSystems.hdfs.token is not a text; it must be a delegation token.')
  if (!Number.isInteger(timeout) || timeout < 1) throw wrong('timeout', timeout, 'a whole number of ms from 1')
  if (!Number.isInteger(retries) || retries < 0) throw wrong('retries', retries, 'a whole number from 0')
  return {
    identity: {
      ...(token === undefined ? { 'user.name': user ?? defaultUser() } : { delegation: token }),
      ...(doAs === undefined ? {} : { doas: doAs }),
    },
    nameNodes: checkNameNodes(nameNodes),
    timeout,
    retries,
  }
}

function checkNameNodes(given: HdfsOptions['nameNodes']): Map<string, readonly string[]> {
  const checked = new Map<string, readonly string[]>()
  for (const [authority, urls] of Object.entries(given ?? {})) {
    const list = typeof urls === 'string' ? [urls] : urls
    if (!Array.isArray(list) || list.length === 0 || !list.every(isHttp))
      throw wrong(`nameNodes[${describe(authority)}]`, urls, "URLs such as ['http://namenode:9870']")
    checked.set(
      authority,
      list.map((url) => url.replace(/\/$/, '')),
    )
  }
  return checked
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isHttp(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^/@]+\/?$/.test(value)
}

function defaultUser(): string {
  const { HADOOP_USER_NAME } = process.env
  if (HADOOP_USER_NAME) return HADOOP_USER_NAME
  try {
    return userInfo().username
  } catch {
    // The user of the process has no entry, as in containers.
    return 'millrace'
  }
}

function wrong(name: string, value: unknown, allowed: string): ArgumentError {
  const at = name === '' ? '' : `.${name}`
  return new ArgumentError(`fileSystems.hdfs${at} is ${describe(value)}; it must be ${allowed}.`, { [name]: value })
}
