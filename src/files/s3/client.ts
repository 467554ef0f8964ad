import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FileSystemReason } from '../../errors.js'
import { fileError, type HttpCall, HttpConnections } from '../http.js'
import { splitUrl } from '../paths.js'
import type { CheckedS3Options } from './options.js'
import { type Credentials, encodeName, signedHeaders } from './signing.js'

/** A request for an object, or for a bucket if `path` has no key. */
export interface S3Call extends HttpCall {
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: Uint8Array | string
}

export interface S3Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Reasons for error codes of the service. All others follow from the status. */
const REASONS: Readonly<Record<string, FileSystemReason>> = {
  NoSuchKey: 'missing',
  NoSuchBucket: 'missing',
  NoSuchUpload: 'missing',
  PreconditionFailed: 'exists',
  ConditionalRequestConflict: 'exists',
  AccessDenied: 'refused',
  InvalidAccessKeyId: 'refused',
  SignatureDoesNotMatch: 'refused',
  ExpiredToken: 'refused',
  SlowDown: 'unreachable',
  InternalError: 'unreachable',
  ServiceUnavailable: 'unreachable',
  RequestTimeout: 'unreachable',
}
const STATUSES: Readonly<Record<number, FileSystemReason>> = {
  403: 'refused',
  404: 'missing',
  409: 'exists',
  412: 'exists',
  500: 'unreachable',
  503: 'unreachable',
}

/** Speaks the REST protocol of S3, with signatures. */
export class S3Client {
  readonly options: CheckedS3Options
  readonly connections: HttpConnections
  readonly #credentials: Credentials | undefined

  constructor(options: CheckedS3Options) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = options
    this.options = options
    this.connections = new HttpConnections({ ...options, system: 'S3' })
    // Without credentials, only public objects can be read.
    if (accessKeyId !== undefined && secretAccessKey !== undefined)
      this.#credentials = { accessKeyId, secretAccessKey, sessionToken, region }
  }

  /** Sends a request and reads its answer. Repeats it while the server is unreachable or busy. */
  call(call: S3Call): Promise<S3Answer> {
    return this.connections.retrying(async () => {
      const { answer, url } = await this.#send(call)
      const body = await this.connections.textOf(answer, url, call.path)
      // A long operation may fail after its status has been sent.
      if (answer.statusCode! >= 300 || /^(<\?xml[^>]*>)?\s*<Error>/.test(body))
        throw refusal(answer.statusCode!, body, call.path)
      return { headers: answer.headers, body }
    }, call.signal)
  }

  /**
   * Yields the bytes of an object, or of a part of it, as they arrive. Throws FileSystemError if the server sends another part: a
   * server without ranges sends the whole object.
   */
  async *bytes(
    call: S3Call,
    part?: { readonly start: number; readonly end: number | undefined },
  ): AsyncIterable<Buffer> {
    const range = part && `bytes=${part.start}-${part.end === undefined ? '' : part.end - 1}`
    const ranged = range === undefined ? call : { ...call, headers: { ...call.headers, range } }
    const { answer, url } = await this.connections.retrying(async () => {
      const sent = await this.#send(ranged)
      if (sent.answer.statusCode! < 300) return sent
      throw refusal(sent.answer.statusCode!, await this.connections.textOf(sent.answer, sent.url, call.path), call.path)
    }, call.signal)
    if (part && !answer.headers['content-range']?.startsWith(`bytes ${part.start}-`)) {
      answer.destroy()
      const sent = answer.headers['content-range'] ?? `the whole object, status ${answer.statusCode}`
      const text = `asked for the bytes from ${part.start} on, the server sent others (${sent}). Read it from a server that answers ranges.`
      throw fileError('failed', call.path, text)
    }
    yield* this.connections.bytesOf(answer, url, call.path)
  }

  async #send(call: S3Call): Promise<{ answer: IncomingMessage; url: URL }> {
    const url = this.#urlOf(call)
    const { method, body = '' } = call
    const isBodyless = method === 'GET' || method === 'HEAD'
    const length: Record<string, string> = isBodyless ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const given = { ...length, ...call.headers }
    const headers = this.#credentials ? signedHeaders(method, url, given, this.#credentials) : given
    const { request, response } = this.connections.request(url, { ...call, headers })
    if (isBodyless) request.end()
    else request.end(body)
    return { answer: await response, url }
  }

  #urlOf({ path, query = {} }: S3Call): URL {
    const { authority: bucket, path: key } = splitUrl(path)
    const { endpoint, region, forcePathStyle } = this.options
    const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
    if (!forcePathStyle) base.host = `${bucket}.${base.host}`
    const names = key.split('/').map(encodeName).join('/')
    const parameters = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = parameters.map(([name, value]) => `${encodeName(name)}=${encodeName(value!)}`).join('&')
    return new URL(`${base.origin}${forcePathStyle ? `/${bucket}` : ''}${names}${search && `?${search}`}`)
  }
}

function refusal(status: number, body: string, path: string) {
  const [code] = tagsOf(body, 'Code')
  const [message = ''] = tagsOf(body, 'Message')
  const reason = REASONS[code ?? ''] ?? STATUSES[status] ?? 'failed'
  return fileError(reason, path, code ? `${code}: ${message.slice(0, 300)}` : `the server answered ${status}`)
}

/** Returns the texts of all elements with this name. */
export function tagsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map(([, text]) => unescapeXml(text!))
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex: string, decimal: string, name: string) => {
    if (name) return ENTITIES[name] ?? all
    return String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10))
  })
}
