import { BroadcastChannel } from 'node:worker_threads'
import { FileSystemError, type FileSystemReason } from '../errors.js'
import type {
  ByteRange,
  CreateOptions,
  DirectoryEntry,
  FileOutput,
  FileStatus,
  FileSystem,
  FileSystemFactory,
  RenameOptions,
} from './file-system.js'
import type { FileIdentity } from './identity.js'
import { nameOf, parentOf } from './paths.js'

/** The calls of threads, as data. */
interface Calls {
  stat(path: string): FileStatus | undefined
  list(directory: string): readonly DirectoryEntry[] | undefined
  bytes(path: string, start: number, end: number): Uint8Array
  put(path: string, bytes: Uint8Array, exclusive?: boolean, parents?: boolean): void
  delete(path: string): void
  mkdirs(path: string): void
  rename(from: string, to: string, replace: boolean): void
}

interface Request {
  readonly id: string
  readonly call: keyof Calls
  readonly args: readonly unknown[]
}

interface Answer {
  readonly id: string
  readonly value?: unknown
  readonly failure?: { readonly reason: FileSystemReason; readonly message: string }
}

/** Files in the memory of one thread. A directory has undefined `bytes`. */
export class MemoryStore implements Calls {
  readonly #entries = new Map<string, { readonly bytes: Uint8Array | undefined; readonly file: FileIdentity }>()
  #ids = 0

  /** The bytes of all files, by path. */
  files(): Map<string, Uint8Array> {
    const files = [...this.#entries].filter(([, { bytes }]) => bytes !== undefined)
    return new Map(files.map(([path, { bytes }]): [string, Uint8Array] => [path, bytes!]).sort())
  }

  stat(path: string): FileStatus | undefined {
    const entry = this.#entries.get(path)
    if (entry) return { kind: entry.bytes ? 'file' : 'directory', file: entry.file }
    return nameOf(path) === '' ? { kind: 'directory', file: { size: 0, mtimeMs: 0, id: 0 } } : undefined
  }

  list(directory: string): readonly DirectoryEntry[] | undefined {
    if (this.stat(directory)?.kind !== 'directory') return undefined
    const inside = [...this.#entries].filter(([path]) => path !== directory && parentOf(path) === directory)
    return inside.map(([path, { bytes, file }]) => ({ name: nameOf(path), kind: bytes ? 'file' : 'directory', file }))
  }

  bytes(path: string, start: number, end: number): Uint8Array {
    const bytes = this.#entries.get(path)?.bytes
    if (!bytes) throw failure('missing', path, 'is not a file')
    return bytes.slice(start, end)
  }

  put(path: string, bytes: Uint8Array, exclusive = false, parents = true): void {
    const before = this.#entries.get(path)
    if (before && (exclusive || !before.bytes)) throw failure('exists', path, 'exists')
    if (!parents && !this.stat(parentOf(path))) throw failure('missing', parentOf(path), 'is not there')
    this.mkdirs(parentOf(path))
    this.#set(path, bytes)
  }

  delete(path: string): void {
    for (const known of [...this.#entries.keys()]) if (isWithin(known, path)) this.#entries.delete(known)
  }

  mkdirs(path: string): void {
    if (this.#entries.get(path)?.bytes) throw failure('exists', path, 'is a file')
    if (nameOf(path) === '' || this.#entries.has(path)) return
    this.mkdirs(parentOf(path))
    this.#set(path, undefined)
  }

  rename(from: string, to: string, replace: boolean): void {
    if (!this.#entries.has(from)) throw failure('missing', from, 'is not there')
    const target = this.#entries.get(to)
    if (target && !(replace && target.bytes)) throw failure('exists', to, 'exists')
    if (!this.stat(parentOf(to))) throw failure('missing', parentOf(to), 'is not there')
    for (const [path, entry] of [...this.#entries]) {
      if (!isWithin(path, from)) continue
      this.#entries.delete(path)
      this.#entries.set(to + path.slice(from.length), entry)
    }
  }

  #set(path: string, bytes: Uint8Array | undefined): void {
    const file = { size: bytes?.length ?? 0, mtimeMs: Date.now(), id: ++this.#ids }
    this.#entries.set(path, { bytes: bytes?.slice(), file })
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

function failure(reason: FileSystemReason, path: string, what: string): FileSystemError {
  return new FileSystemError(reason, `${path} ${what}`, { details: { path } })
}

/** Answers the calls of other threads. Returns a function that stops this. */
export function serveMemory(store: MemoryStore, channelName: string): () => void {
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = (message) => {
    const { data } = message as { data: Request | Answer }
    if ('call' in data) channel.postMessage(answerTo(store, data))
  }
  channel.unref()
  return () => channel.close()
}

function answerTo(store: MemoryStore, { id, call, args }: Request): Answer {
  try {
    return { id, value: (store[call] as (...args: readonly unknown[]) => unknown)(...args) }
  } catch (error) {
    const { reason = 'failed', message } = error as FileSystemError
    return { id, failure: { reason, message } }
  }
}

/** Ms after which a call fails: the thread with the files has ended, or its context is closed. */
const TIMEOUT_MS = 10_000

/** The files in another thread of this process. */
class MemoryFileSystem implements FileSystem {
  readonly name = 'memory'
  readonly #channel: BroadcastChannel
  readonly #waiting = new Map<string, (answer: Answer) => void>()

  constructor(channelName: string) {
    this.#channel = new BroadcastChannel(channelName)
    this.#channel.onmessage = (message) => {
      const { data } = message as { data: Request | Answer }
      if (!('call' in data)) this.#waiting.get(data.id)?.(data)
    }
    this.#channel.unref()
  }

  stat(path: string): Promise<FileStatus | undefined> {
    return this.#call('stat', path)
  }

  list(directory: string): Promise<readonly DirectoryEntry[] | undefined> {
    return this.#call('list', directory)
  }

  async *read(path: string, { start = 0, end = Number.MAX_SAFE_INTEGER }: ByteRange = {}): AsyncIterable<Uint8Array> {
    yield await this.#call('bytes', path, start, end)
  }

  async create(path: string, { exclusive = false, parents = true }: CreateOptions = {}): Promise<FileOutput> {
    const pieces: Uint8Array[] = []
    // Like a server, it takes the name before the bytes arrive.
    await this.#call('put', path, new Uint8Array(), exclusive, parents)
    return {
      write: async (bytes) => void pieces.push(bytes.slice()),
      close: () => this.#call('put', path, Buffer.concat(pieces), false, parents),
      abort: () => this.delete(path).catch(() => undefined),
    }
  }

  delete(path: string): Promise<void> {
    return this.#call('delete', path)
  }

  mkdirs(path: string): Promise<void> {
    return this.#call('mkdirs', path)
  }

  rename(from: string, to: string, { replace = false }: RenameOptions = {}): Promise<void> {
    return this.#call('rename', from, to, replace)
  }

  async close(): Promise<void> {
    this.#channel.close()
  }

  #call<R>(call: keyof Calls, ...args: readonly unknown[]): Promise<R> {
    const id = crypto.randomUUID()
    return new Promise((resolve, reject) => {
      // Keeps the thread alive meanwhile, because the channel does not.
      const timer = setTimeout(
        () => settle({ id, failure: { reason: 'unreachable', message: 'memory: files do not answer' } }),
        TIMEOUT_MS,
      )
      const settle = ({ value, failure: failed }: Answer) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        if (failed) reject(new FileSystemError(failed.reason, failed.message, { details: { path: args[0] } }))
        else resolve(value as R)
      }
      this.#waiting.set(id, settle)
      this.#channel.postMessage({ id, call, args } satisfies Request)
    })
  }
}

/** Opens the files of `memoryFiles` in `millrace/testing`. */
export const memoryFileSystem: FileSystemFactory = {
  open: (options) => new MemoryFileSystem((options as { readonly channel: string }).channel),
}
