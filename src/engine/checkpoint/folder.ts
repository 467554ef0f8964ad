import { CheckpointError } from '../../errors.js'
import { diskFault } from '../../files/disk-fault.js'
import type { AppendOutput, ByteRange, FileStatus, FileSystem } from '../../files/file-system.js'
import type { FileSystems } from '../../files/file-systems.js'
import { isRemote, joinPath } from '../../files/paths.js'
import { hasReason } from '../../files/reasons.js'
import { copyFile, publishFile, readFile, writeFile } from '../../files/whole.js'

/** The files of a checkpoint directory, by name. Written bytes survive a power failure. */
export class CheckpointFolder {
  readonly path: string
  readonly #system: FileSystem

  private constructor(path: string, system: FileSystem) {
    this.path = path
    this.#system = system
  }

  /** `path`: absolute. */
  static async open(files: FileSystems, path: string): Promise<CheckpointFolder> {
    return new CheckpointFolder(path, await files.of(path))
  }

  /** Whether the files are on a server, so that calls are slow. */
  get isRemote(): boolean {
    return isRemote(this.path)
  }

  pathOf(name: string): string {
    return joinPath(this.path, name)
  }

  /** Creates the directory. Returns it under its path without symbolic links, because links may change later. */
  async create(): Promise<CheckpointFolder> {
    await this.#system.mkdirs(this.path)
    const path = await this.#system.realPath?.(this.path)
    return path === undefined ? this : new CheckpointFolder(path, this.#system)
  }

  /** Returns the names of all files; none if the directory does not exist. */
  async names(): Promise<string[]> {
    try {
      const entries = await this.#system.list(this.path)
      if (entries) return entries.map(({ name }) => name)
      if (await this.#system.stat(this.path)) throw new Error(`${this.path} is not a directory`)
      return []
    } catch (cause) {
      throw unusable(`The checkpoint directory ${this.path} cannot be read.`, this.path, cause)
    }
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.#system, this.pathOf(name))
  }

  /** Yields the bytes of a file, or of a part of it. */
  readPart(name: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.#system.read(this.pathOf(name), range)
  }

  /** Creates a file that grows; undefined if files of this system appear whole. */
  append(name: string): Promise<AppendOutput> | undefined {
    return this.#system.append?.(this.pathOf(name))
  }

  write(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    return writeFile(this.#system, this.pathOf(name), pieces, { durable: true })
  }

  /**
   * Writes a file that appears either complete or not at all. If `check`, called just before, rejects, the file does
   * not appear.
   */
  publish(name: string, bytes: Uint8Array, check: () => Promise<void>): Promise<void> {
    return publishFile(this.#system, this.pathOf(name), bytes, check)
  }

  /** Creates a file. Returns false if it exists: only one of several callers gets true. */
  async claim(name: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await writeFile(this.#system, this.pathOf(name), [bytes], { exclusive: true })
      return true
    } catch (error) {
      if (hasReason(error, 'exists')) return false
      throw error
    }
  }

  /** Changes the file's status (its time or identity). `bytes`: the content of the file. */
  async touch(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.pathOf(name)
    if (this.#system.touch) await this.#system.touch(path)
    else await writeFile(this.#system, path, [bytes])
  }

  /** Creates a second name for a file with these bytes. */
  copy(from: string, to: string, bytes: Uint8Array): Promise<void> {
    return copyFile(this.#system, this.pathOf(from), this.pathOf(to), bytes)
  }

  /** Renames a file. If the file system cannot rename, writes it under the new name and removes the old one. */
  async rename(from: string, to: string): Promise<void> {
    if (this.#system.rename) return await this.#system.rename(this.pathOf(from), this.pathOf(to), { replace: true })
    await this.write(to, [await this.read(from)])
    await this.remove(from)
  }

  remove(name: string): Promise<void> {
    return this.#system.delete(this.pathOf(name))
  }

  /** Returns the status of a file, or of the directory; undefined if there is none. */
  status(name?: string): Promise<FileStatus | undefined> {
    return this.#system.stat(name === undefined ? this.path : this.pathOf(name))
  }
}

/** Returns the error of a directory into which no checkpoint can be written. */
export function unwritable(directory: string, cause: unknown): CheckpointError {
  return unusable(`No checkpoint can be written into ${directory}.`, directory, cause)
}

function unusable(what: string, directory: string, cause: unknown): CheckpointError {
  const { code, advice } = diskFault(cause)
  return new CheckpointError(`${what} ${advice}`, { directory, code }, cause)
}
