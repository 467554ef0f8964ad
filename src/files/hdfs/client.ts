import type { IncomingHttpHeaders } from 'node:http'
import type { FileSystemError, FileSystemReason } from '../../errors.js'
import { fileError, type HttpCall, HttpConnections, isUnreachable } from '../http.js'
import { splitUrl } from '../paths.js'
import type { CheckedHdfsOptions } from './options.js'

/** A call of WebHDFS. `path`: the whole path, `hdfs://host/a`. */
export interface HdfsCall extends HttpCall {
  readonly op: string
  readonly params?: Readonly<Record<string, string | number | boolean | undefined>>
}

const DEFAULT_PORT = 9870

/** Reasons for exceptions of the servers. All others are `failed`. */
const REASONS: Readonly<Record<string, FileSystemReason>> = {
  FileNotFoundException: 'missing',
  FileAlreadyExistsException: 'exists',
  AlreadyBeingCreatedException: 'exists',
  PathIsNotEmptyDirectoryException: 'exists',
  AccessControlException: 'refused',
  SecurityException: 'refused',
  AuthenticationException: 'refused',
  AuthorizationException: 'refused',
  StandbyException: 'unreachable',
  RetriableException: 'unreachable',
  SafeModeException: 'unreachable',
  BlockMissingException: 'unreachable',
}
/** IOExceptions of a NameNode to which the DataNodes have not reported yet, as after its restart. */
const UNREPORTED = /^(?:No active nodes contain this block|Failed to find datanode)/

/** Calls WebHDFS over persistent connections. Errors contain no query, because it may contain a token. */
export class HdfsClient {
  readonly #options: CheckedHdfsOptions
  readonly connections: HttpConnections
  /** The index of the server that answered last, by the authority of paths. */
  readonly #active = new Map<string, number>()

  constructor(options: CheckedHdfsOptions) {
    this.#options = options
    this.connections = new HttpConnections({ ...options, system: 'HDFS' })
  }

  /** Calls the NameNode, and returns its answer. Repeats the call while no server answers it. */
  async call(call: HdfsCall): Promise<unknown> {
    const answer = await this.#toNameNode(call)
    return answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown)
  }

  /** Requests from the NameNode the DataNode to read from or write to, and returns its URL. */
  async redirect(call: HdfsCall): Promise<URL> {
    const { location } = (await this.#toNameNode(call)).headers
    if (location === undefined) throw fileError('failed', call.path, 'the NameNode names no DataNode')
    return new URL(location)
  }

  #toNameNode(call: HdfsCall): Promise<{ headers: IncomingHttpHeaders; body: string }> {
    return this.connections.retrying(async () => {
      const url = this.#urlOf(call)
      const { request, response } = this.connections.request(url, call)
      request.end()
      try {
        const answer = await response
        const body = await this.connections.textOf(answer, url, call.path)
        if (answer.statusCode! >= 400) throw refusal(answer.statusCode!, body, call.path)
        return { headers: answer.headers, body }
      } catch (error) {
        if (isUnreachable(error)) this.#tryNext(call.path)
        throw error
      }
    }, call.signal)
  }

  #urlOf({ path, op, params = {} }: HdfsCall): URL {
    const { authority, path: at } = splitUrl(path)
    const servers = this.#servers(path)
    const base = servers[(this.#active.get(authority) ?? 0) % servers.length]!
    const url = new URL(`${base}/webhdfs/v1${at.split('/').map(encodeURIComponent).join('/')}`)
    for (const [name, value] of Object.entries({ op, ...this.#options.identity, ...params }))
      if (value !== undefined) url.searchParams.set(name, String(value))
    return url
  }

  #servers(path: string): readonly string[] {
    const { authority } = splitUrl(path)
    const known = this.#options.nameNodes.get(authority)
    if (known) return known
    const protocol = path.startsWith('swebhdfs:') ? 'https' : 'http'
    return [`${protocol}://${/:\d+$/.test(authority) ? authority : `${authority}:${DEFAULT_PORT}`}`]
  }

  #tryNext(path: string): void {
    const { authority } = splitUrl(path)
    this.#active.set(authority, (this.#active.get(authority) ?? 0) + 1)
  }
}

/** Returns the error of an unsuccessful answer. */
export function refusal(status: number, body: string, path: string): FileSystemError {
  const { exception = '', message = '' } = remoteException(body)
  const known = UNREPORTED.test(message) ? 'unreachable' : REASONS[exception]
  const reason = known ?? (status === 404 ? 'missing' : status === 401 ? 'refused' : 'failed')
  const text = message.split('\n')[0]!.slice(0, 300)
  return fileError(reason, path, exception === '' ? `the server answered ${status}` : `${exception}: ${text}`)
}

function remoteException(body: string): { exception?: string; message?: string } {
  try {
    return (JSON.parse(body) as { RemoteException?: { exception?: string; message?: string } }).RemoteException ?? {}
  } catch {
    // A proxy or another server answers in HTML.
    return {}
  }
}
