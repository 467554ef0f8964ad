import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

export interface S3Options {
  /**
   * URL of a server other than Amazon's, such as `http://127.0.0.1:9000`. Default: AWS_ENDPOINT_URL_S3 or
   * AWS_ENDPOINT_URL.
   */
  readonly endpoint?: string
  /** Default: AWS_REGION or AWS_DEFAULT_REGION of the environment, or us-east-1. */
  readonly region?: string
  /** Default: AWS_ACCESS_KEY_ID of the environment. */
  readonly accessKeyId?: string
  /** Default: AWS_SECRET_ACCESS_KEY of the environment. */
  readonly secretAccessKey?: string
  /** Default: AWS_SESSION_TOKEN of the environment. */
  readonly sessionToken?: string
  /**
   * Whether the bucket is the first name of the path instead of the first part of the host name. Default: true with an
   * `endpoint`.
   */
  readonly forcePathStyle?: boolean
  /** Bytes of each part of an upload, at least 5 MiB (8 MiB). An object has at most 10,000 parts. */
  readonly partBytes?: number
  /** Ms without a byte after which the client drops a connection (30,000). */
  readonly timeout?: number
  /** Retries of a request that finds no server or a busy one, with pauses from 100 ms to 2 s (4). */
  readonly retries?: number
}

export interface CheckedS3Options {
  readonly endpoint: string | undefined
  readonly region: string
  readonly accessKeyId: string | undefined
  readonly secretAccessKey: string | undefined
  readonly sessionToken: string | undefined
  readonly forcePathStyle: boolean
  readonly partBytes: number
  readonly timeout: number
  readonly retries: number
}

const MIB = 1024 * 1024
const TEXTS = ['endpoint', 'region', 'accessKeyId', 'secretAccessKey', 'sessionToken'] as const
const KNOWN = [...TEXTS, 'forcePathStyle', 'partBytes', 'timeout', 'retries']

/** Checks S3 options. @throws ArgumentError that names the first invalid option. Never shows credentials. */
export function checkS3Options(given: unknown = {}): CheckedS3Options {
  if (typeof given !== 'object' || given === null)
    throw wrong('', describe(given), 'an object such as { region: "eu-central-1" }')
  const known: readonly string[] = KNOWN
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw new ArgumentError(`fileSystems.s3 has no option ${describe(name)}. Known: ${known.join(', ')}.`, {
        option: name,
      })
  }
  const options = given as S3Options
  const texts: { [name in (typeof TEXTS)[number]]?: string } = {}
  for (const name of TEXTS) {
    const value: unknown = options[name]
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw wrong(`.${name}`, 'not a text', 'a text')
    texts[name] = value as string | undefined
  }
  const { env } = process
  const endpoint = texts.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  if (endpoint !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(endpoint))
    throw wrong('.endpoint', 'not the URL of a server', 'a URL such as http://127.0.0.1:9000')
  const { forcePathStyle = endpoint !== undefined, partBytes = 8 * MIB, timeout = 30_000, retries = 4 } = options
  if (typeof forcePathStyle !== 'boolean') throw wrong('.forcePathStyle', describe(forcePathStyle), 'true or false')
  if (!isWhole(partBytes, 5 * MIB, 5120 * MIB)) throw wrong('.partBytes', describe(partBytes), 'from 5 MiB to 5 GiB')
  if (!isWhole(timeout, 1, 2 ** 31 - 1)) throw wrong('.timeout', describe(timeout), 'a whole number of ms from 1')
  if (!isWhole(retries, 0, 100)) throw wrong('.retries', describe(retries), 'a whole number from 0 to 100')
  return {
    endpoint: endpoint?.replace(/\/$/, ''),
    region: texts.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    accessKeyId: texts.accessKeyId ?? env.AWS_ACCESS_KEY_ID,
    secretAccessKey: texts.secretAccessKey ?? env.AWS_SECRET_ACCESS_KEY,
    sessionToken: texts.sessionToken ?? (texts.accessKeyId === undefined ? env.AWS_SESSION_TOKEN : undefined),
    forcePathStyle,
    partBytes,
    timeout,
    retries,
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function wrong(at: string, given: string, allowed: string): ArgumentError {
  return new ArgumentError(`fileSystems.s3${at} is ${given}; it must be ${allowed}.`)
}
