import { constants, type Dirent } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, realpath, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FileSystemError, type FileSystemReason } from '../errors.js'
import type {
  AppendOutput,
  ByteRange,
  CreateOptions,
  DirectoryEntry,
  EntryKind,
  FileOutput,
  FileStatus,
  FileSystem,
  RenameOptions,
} from './file-system.js'
import { identityOf } from './identity.js'
import { hasReason, orMissing } from './reasons.js'

/** The most bytes that one read takes. */
const CHUNK = 1 << 20
/** Bytes of a read where the size is unknown: of a pipe, or beyond the size that the file had when it was opened. */
const UNKNOWN = 64 * 1024

/** The local files of this machine. */
export class LocalFileSystem implements FileSystem {
  readonly name = 'local files'

  async stat(path: string): Promise<FileStatus | undefined> {
    const stats = await orMissing(attempt(path, stat(path)))
    if (!stats) return undefined
    return { kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other', file: identityOf(stats) }
  }

  async list(directory: string): Promise<readonly DirectoryEntry[] | undefined> {
    const entries = await orMissing(attempt(directory, readdir(directory, { withFileTypes: true })))
    return entries?.map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
  }

  async *read(path: string, { start = 0, end = Number.POSITIVE_INFINITY }: ByteRange = {}): AsyncIterable<Uint8Array> {
    // Opening a pipe must not make the thread wait for a writer.
    const file = await attempt(path, open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)))
    try {
      const { size } = await attempt(path, file.stat())
      // Small files are read often. A buffer of the largest size for each would fragment the memory of the process.
      let buffer = Buffer.alloc(0)
      for (let at = start; at < end; ) {
        if (buffer.length === 0) {
          // The byte more is for the read that finds the end of the file.
          const expected = at < size ? size - at + 1 : UNKNOWN
          buffer = Buffer.allocUnsafe(Math.min(CHUNK, end - at, expected))
        }
        const { bytesRead } = await attempt(path, file.read(buffer, 0, buffer.length, at))
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
        buffer = buffer.subarray(bytesRead)
        at += bytesRead
      }
    } finally {
      await file.close()
    }
  }

  async create(
    path: string,
    { exclusive = false, parents = true, durable = false }: CreateOptions = {},
  ): Promise<FileOutput> {
    return new LocalOutput(path, await this.#open(path, exclusive ? 'wx' : 'w', parents), durable)
  }

  async append(path: string): Promise<AppendOutput> {
    return new LocalAppend(path, await this.#open(path, 'ax', true))
  }

  async delete(path: string): Promise<void> {
    await attempt(path, rm(path, { recursive: true, force: true }))
  }

  async mkdirs(path: string): Promise<void> {
    await attempt(path, mkdir(path, { recursive: true }))
  }

  async rename(from: string, to: string, { replace = false, durable = false }: RenameOptions = {}): Promise<void> {
    if (!replace && (await this.stat(to)))
      throw new FileSystemError('exists', `${to} exists`, { details: { path: to } })
    await attempt(from, rename(from, to))
    if (durable) await syncDirectory(dirname(to))
  }

  async touch(path: string): Promise<void> {
    await attempt(path, utimes(path, new Date(), new Date()))
  }

  async copy(from: string, to: string): Promise<void> {
    await attempt(from, link(from, to))
  }

  async realPath(path: string): Promise<string> {
    return await attempt(path, realpath(path))
  }

  async #open(path: string, flags: string, parents: boolean): Promise<FileHandle> {
    const create = () => attempt(path, open(path, flags))
    return await create().catch(async (error: unknown) => {
      if (!parents || !hasReason(error, 'missing')) throw error
      await this.mkdirs(dirname(path))
      return await create()
    })
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await attempt(directory, open(directory, 'r'))
  try {
    await attempt(directory, handle.sync())
  } finally {
    await handle.close()
  }
}

class LocalOutput implements FileOutput {
  readonly #path: string
  readonly #file: FileHandle
  readonly #durable: boolean

  constructor(path: string, file: FileHandle, durable: boolean) {
    this.#path = path
    this.#file = file
    this.#durable = durable
  }

  async write(bytes: Uint8Array): Promise<void> {
    await attempt(this.#path, this.#file.writeFile(bytes))
  }

  async close(): Promise<void> {
    try {
      if (this.#durable) await attempt(this.#path, this.#file.sync())
    } finally {
      await this.#file.close()
    }
  }

  async abort(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    await rm(this.#path, { force: true }).catch(() => undefined)
  }
}

class LocalAppend implements AppendOutput {
  readonly #path: string
  readonly #file: FileHandle
  #isNamed = false

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const wanted = pieces.reduce((sum, { length }) => sum + length, 0)
    const { bytesWritten } = await attempt(this.#path, this.#file.writev(pieces))
    if (bytesWritten === wanted) return
    // The disk took a part only. Writing the rest fails with the reason.
    await attempt(this.#path, this.#file.writeFile(Buffer.concat(pieces).subarray(bytesWritten)))
  }

  async sync(): Promise<void> {
    await attempt(this.#path, this.#file.datasync())
    if (this.#isNamed) return
    await syncDirectory(dirname(this.#path))
    this.#isNamed = true
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

function kindOf(entry: Dirent): EntryKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'link'
  const isDevice = entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice()
  // Some file systems list no types.
  return isDevice ? 'other' : 'unknown'
}

/**
 * Returns whether the error means that the path does not exist: it never did, or was renamed or deleted after being
 * listed.
 */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

const REASONS: Readonly<Record<string, FileSystemReason>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  EACCES: 'refused',
  EPERM: 'refused',
  ELOOP: 'refused',
}

async function attempt<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new FileSystemError(REASONS[code] ?? 'failed', message, { cause, details: { path } })
  }
}
