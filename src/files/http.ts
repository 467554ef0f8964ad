import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import { FileSystemError, type FileSystemReason } from '../errors.js'
import { hasReason } from './reasons.js'

export interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  /** The path of the file, for errors. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface HttpOptions {
  /** The name of the system in errors, such as `HDFS`. */
  readonly system: string
  /** Ms without a byte after which a connection is dropped. */
  readonly timeout: number
  readonly retries: number
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000
/** Most bytes of an answer that is not a file. */
const LONGEST_ANSWER = 64 * 1024 * 1024

/**
 * Persistent HTTP connections of a file system. Errors name hosts but no queries, because queries may contain secrets.
 */
export class HttpConnections {
  readonly #options: HttpOptions
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /** Starts a request, which the caller ends. Rejects with the reason `unreachable` if no answer arrives. */
  request(
    url: URL,
    { method, path, headers, signal }: HttpCall,
  ): {
    readonly request: http.ClientRequest
    readonly response: Promise<http.IncomingMessage>
  } {
    const { timeout } = this.#options
    const isSecure = url.protocol === 'https:'
    const agent = isSecure ? this.#agents['https:'] : this.#agents['http:']
    const request = (isSecure ? https : http).request(url, { method, agent, headers, signal })
    request.setTimeout(timeout, () => request.destroy(new Error(`no byte arrived for ${timeout} ms`)))
    const response = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.on('error', (cause) => reject(this.unreachable(url, path, cause)))
    })
    // The caller may be notified of a failure elsewhere.
    response.catch(() => undefined)
    return { request, response }
  }

  /** Reads an answer that is not a file. */
  async textOf(answer: http.IncomingMessage, url: URL, path: string): Promise<string> {
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of this.bytesOf(answer, url, path)) {
      pieces.push(piece)
      length += piece.length
      if (length > LONGEST_ANSWER) throw fileError('failed', path, `the answer is longer than ${LONGEST_ANSWER} bytes`)
    }
    return Buffer.concat(pieces).toString()
  }

  async *bytesOf(answer: http.IncomingMessage, url: URL, path: string): AsyncIterable<Buffer> {
    try {
      for await (const piece of answer as AsyncIterable<Buffer>) yield piece
    } catch (cause) {
      throw this.unreachable(url, path, cause)
    } finally {
      answer.destroy()
    }
  }

  /** Repeats a step while it fails with the reason `unreachable`, after increasing pauses. */
  async retrying<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let left = this.#options.retries, pause = FIRST_PAUSE_MS; ; left--, pause *= 2) {
      try {
        return await step()
      } catch (error) {
        if (left === 0 || signal?.aborted || !isUnreachable(error)) throw error
        await wait(Math.min(pause, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => undefined)
      }
    }
  }

  unreachable({ host }: URL, path: string, cause: unknown): FileSystemError {
    const { code, message } = cause as NodeJS.ErrnoException
    const text = `${path}: the ${this.#options.system} server ${host} cannot be reached: ${code ?? message}`
    return new FileSystemError('unreachable', text, { cause, details: { path, server: host } })
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }
}

export function isUnreachable(error: unknown): boolean {
  return hasReason(error, 'unreachable')
}

export function fileError(reason: FileSystemReason, path: string, text: string): FileSystemError {
  return new FileSystemError(reason, `${path}: ${text}`, { details: { path } })
}

/**
 * Yields the bytes that `open` yields from a position on. If a connection is lost midway, opens again at that position.
 */
export async function* resuming(
  start: number,
  end: number | undefined,
  open: (at: number) => AsyncIterable<Buffer>,
): AsyncIterable<Uint8Array> {
  for (let at = start; end === undefined || at < end; ) {
    const before = at
    try {
      for await (const piece of open(at)) {
        at += piece.length
        yield piece
      }
      return
    } catch (error) {
      if (!isUnreachable(error) || at === before) throw error
    }
  }
}
