import { once } from 'node:events'
import type * as http from 'node:http'
import type {
  ByteRange,
  CreateOptions,
  DirectoryEntry,
  FileOutput,
  FileStatus,
  FileSystem,
  FileSystemFactory,
  RenameOptions,
} from '../file-system.js'
import { fileError, resuming } from '../http.js'
import type { FileIdentity } from '../identity.js'
import { splitUrl } from '../paths.js'
import { hasReason, orMissing } from '../reasons.js'
import { type HdfsCall, HdfsClient, refusal } from './client.js'
import { checkHdfsOptions } from './options.js'

/** A status as the NameNode sends it. */
interface RemoteStatus {
  readonly pathSuffix: string
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK'
  readonly length: number
  readonly modificationTime: number
  readonly fileId: number
}

interface Listing {
  readonly DirectoryListing: {
    readonly partialListing: { readonly FileStatuses: { readonly FileStatus: readonly RemoteStatus[] } }
    readonly remainingEntries: number
  }
}

const KINDS = { FILE: 'file', DIRECTORY: 'directory', SYMLINK: 'link' } as const

/** HDFS through WebHDFS: a NameNode with the names, and DataNodes with the bytes. */
class Hdfs implements FileSystem {
  readonly name = 'hdfs'
  readonly #client: HdfsClient

  constructor(options: unknown) {
    this.#client = new HdfsClient(checkHdfsOptions(options))
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const answer = await orMissing(this.#client.call({ method: 'GET', path, op: 'GETFILESTATUS' }))
    if (!answer) return undefined
    const { FileStatus: status } = answer as { readonly FileStatus: RemoteStatus }
    return { kind: status.type === 'DIRECTORY' ? 'directory' : 'file', file: identityOf(status) }
  }

  async list(directory: string): Promise<readonly DirectoryEntry[] | undefined> {
    const entries: DirectoryEntry[] = []
    for (let startAfter: string | undefined; ; ) {
      const params = startAfter === undefined ? {} : { startAfter }
      const call: HdfsCall = { method: 'GET', path: directory, op: 'LISTSTATUS_BATCH', params }
      const answer = await orMissing(this.#client.call(call))
      if (!answer) return undefined
      const { partialListing, remainingEntries } = (answer as Listing).DirectoryListing
      const page = partialListing.FileStatuses.FileStatus
      // For a file, the answer is its own status without a name.
      if (page.length === 1 && page[0]!.pathSuffix === '') return undefined
      for (const status of page)
        entries.push({ name: status.pathSuffix, kind: KINDS[status.type], file: fileOf(status) })
      if (remainingEntries === 0 || page.length === 0) return entries
      startAfter = page.at(-1)!.pathSuffix
    }
  }

  read(path: string, { start = 0, end, signal }: ByteRange = {}): AsyncIterable<Uint8Array> {
    // If a DataNode dies midway, another one has the rest.
    return resuming(start, end, (at) => this.#bytes(path, at, end, signal))
  }

  async create(path: string, { exclusive = false, parents = true }: CreateOptions = {}): Promise<FileOutput> {
    // The server reports an existing name only with the answer to the last byte, so an empty file reserves the name
    // first.
    if (exclusive) await (await this.#create(path, false, parents)).close()
    return await this.#create(path, true, parents)
  }

  async delete(path: string): Promise<void> {
    await orMissing(this.#client.call({ method: 'DELETE', path, op: 'DELETE', params: { recursive: true } }))
  }

  async mkdirs(path: string): Promise<void> {
    const answer = await this.#client.call({ method: 'PUT', path, op: 'MKDIRS' })
    if ((answer as { boolean?: boolean }).boolean !== true) throw fileError('failed', path, 'MKDIRS returned false')
  }

  async rename(from: string, to: string, { replace = false }: RenameOptions = {}): Promise<void> {
    // Without options the server moves a directory into an existing one, and reports failures only in the body.
    const params = { destination: splitUrl(to).path, renameoptions: replace ? 'OVERWRITE' : 'NONE' }
    try {
      await this.#client.call({ method: 'PUT', path: from, op: 'RENAME', params })
    } catch (error) {
      // The answer of the first call was lost, and the call was repeated.
      const isRepeated = hasReason(error, 'missing')
      if (!isRepeated || (await this.stat(from)) || !(await this.stat(to))) throw error
    }
  }

  async touch(path: string): Promise<void> {
    const params = { modificationtime: Date.now() }
    await this.#client.call({ method: 'PUT', path, op: 'SETTIMES', params })
  }

  async close(): Promise<void> {
    this.#client.connections.close()
  }

  async #create(path: string, overwrite: boolean, createparent: boolean): Promise<FileOutput> {
    const call: HdfsCall = { method: 'PUT', path, op: 'CREATE', params: { overwrite, createparent } }
    return new HdfsOutput(this.#client, call, await this.#client.redirect(call))
  }

  async *#bytes(path: string, start: number, end: number | undefined, signal?: AbortSignal): AsyncIterable<Buffer> {
    const params = { offset: start, length: end === undefined ? undefined : end - start }
    const call: HdfsCall = { method: 'GET', path, op: 'OPEN', params, signal }
    const { connections } = this.#client
    const { url, answer } = await connections.retrying(async () => {
      const location = await this.#client.redirect(call)
      const { request, response } = connections.request(location, call)
      request.end()
      const opened = await response
      if (opened.statusCode === 200) return { url: location, answer: opened }
      throw refusal(opened.statusCode!, await connections.textOf(opened, location, path), path)
    }, signal)
    yield* connections.bytesOf(answer, url, path)
  }
}

/** A file whose bytes are sent to a DataNode as they arrive. */
class HdfsOutput implements FileOutput {
  readonly #client: HdfsClient
  readonly #path: string
  readonly #request: http.ClientRequest
  readonly #done: Promise<void>

  constructor(client: HdfsClient, call: HdfsCall, url: URL) {
    this.#client = client
    this.#path = call.path
    const { connections } = client
    const { request, response } = connections.request(url, call)
    this.#request = request
    this.#done = response.then(async (answer) => {
      const body = await connections.textOf(answer, url, call.path)
      if (answer.statusCode !== 201) throw refusal(answer.statusCode!, body, call.path)
    })
    this.#done.catch(() => undefined)
    request.flushHeaders()
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The server may already have answered with an error.
    if (this.#request.write(bytes)) return
    await Promise.race([once(this.#request, 'drain'), this.#done])
  }

  async close(): Promise<void> {
    this.#request.end()
    await this.#done
  }

  async abort(): Promise<void> {
    // The DataNode may create the file late, so await its answer before deleting the file.
    await this.close().catch(() => undefined)
    const call = { method: 'DELETE', path: this.#path, op: 'DELETE', params: { recursive: false } } as const
    await this.#client.call(call).catch(() => undefined)
  }
}

function identityOf({ length, modificationTime, fileId }: RemoteStatus): FileIdentity {
  return { size: length, mtimeMs: modificationTime, id: fileId }
}

function fileOf(status: RemoteStatus): FileIdentity | undefined {
  return status.type === 'FILE' ? identityOf(status) : undefined
}

/** Opens `hdfs:`, `webhdfs:` and `swebhdfs:` paths with HdfsOptions. */
export const hdfsFileSystem: FileSystemFactory = { open: (options) => new Hdfs(options) }
