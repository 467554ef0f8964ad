import { mkdir, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StateError } from '../../errors.js'
import type { FileId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { OwnFolder } from './own-folder.js'

/** The bytes of a block in a file. Plain data. */
export interface StoredBlock {
  readonly id: FileId
  readonly path: string
  readonly length: number
  /** The CRC-32 of the bytes, computed when the block was written, so it also detects damage before the spill. */
  readonly crc: number
}

interface Entry extends StoredBlock {
  /** The number of planned and running tasks that read it. */
  pins: number
  removed: boolean
}

export interface DiskStoreOptions {
  /**
   * The directory in which the store creates its own directory; undefined: the system's directory for temporary files.
   */
  readonly directory: string | undefined
  /** Limit of the bytes of all files. */
  readonly limit: number
}

/**
 * The number of files that are written at a time. Others wait, so that libuv's thread pool has threads for other work.
 */
const WRITERS = 2

/**
 * Blocks in files, in the store's own directory, which the first file creates and `close` removes. Never blocks the
 * event loop: libuv's threads write the bytes from shared memory, without a copy.
 */
export class DiskStore {
  readonly #options: DiskStoreOptions
  readonly #files = new Map<FileId, Entry>()
  readonly #turns: Promise<unknown>[] = Array.from({ length: WRITERS }, () => Promise.resolve())
  readonly #removals = new Set<Promise<void>>()
  readonly #folder: OwnFolder
  #making: Promise<string> | undefined
  #ids = 0
  #bytes = 0
  #closed = false

  constructor(options: DiskStoreOptions) {
    this.#options = options
    this.#folder = new OwnFolder('blocks', options.directory)
  }

  /** Bytes of all files, including those that are being written. */
  get bytes(): number {
    return this.#bytes
  }

  /** The directory of the files. */
  get directory(): string {
    return this.#folder.isOpen ? this.#folder.path : (this.#options.directory ?? tmpdir())
  }

  /** Writes a block. `payload` must not change until the promise settles. Rejects with the file system's error. */
  async write({ length, crc }: BlockHandle, payload: Uint8Array): Promise<StoredBlock> {
    const id = ++this.#ids as FileId
    if (this.#bytes + length > this.#options.limit) {
      throw new StateError(
        `The files have ${this.#bytes} bytes, and ${length} more would exceed spillLimit (${this.#options.limit} bytes). Raise spillLimit.`,
        {
          spillLimit: this.#options.limit,
          bytes: this.#bytes,
        },
      )
    }
    this.#bytes += length
    const turn = id % WRITERS
    const written = this.#turns[turn]!.then(() => this.#write(id, payload))
    this.#turns[turn] = written.catch(() => undefined)
    try {
      const entry = { id, path: await written, length, crc, pins: 0, removed: false }
      this.#files.set(id, entry)
      return { id, path: entry.path, length, crc }
    } catch (error) {
      this.#bytes -= length
      throw error
    }
  }

  /** Removes a file that no plan will use again, as soon as no task reads it. */
  remove(id: FileId): void {
    const entry = this.#files.get(id)
    if (!entry || entry.removed) return
    entry.removed = true
    if (entry.pins === 0) this.#unlink(entry)
  }

  pin(ids: readonly FileId[]): void {
    for (const id of ids) {
      const entry = this.#files.get(id)
      if (entry) entry.pins++
    }
  }

  unpin(ids: readonly FileId[]): void {
    for (const id of ids) {
      const entry = this.#files.get(id)
      if (entry && --entry.pins === 0 && entry.removed) this.#unlink(entry)
    }
  }

  /** Removes the directory with all files, after running writes have ended. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#turns, ...this.#removals])
    await this.#folder.close()
    this.#files.clear()
    this.#bytes = 0
  }

  async #write(id: FileId, payload: Uint8Array): Promise<string> {
    if (this.#closed) throw new StateError('The context is stopped and writes no more files.')
    const path = join(await this.#made(), `block-${id}`)
    const file = await open(path, 'wx', 0o600)
    try {
      for (let done = 0; done < payload.length; ) {
        done += (await file.write(payload, done, payload.length - done)).bytesWritten
      }
    } catch (error) {
      // If the disk is full, a part of the file remains and would waste space.
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
    return path
  }

  #made(): Promise<string> {
    this.#making ??= this.#make().catch((error: unknown) => {
      // The next file tries again, because permissions may have changed by then.
      this.#making = undefined
      throw error
    })
    return this.#making
  }

  async #make(): Promise<string> {
    const { directory = tmpdir() } = this.#options
    await mkdir(directory, { recursive: true })
    const { path } = this.#folder
    await mkdir(path, { mode: 0o700 })
    this.#folder.open()
    return path
  }

  #unlink({ id, path, length }: Entry): void {
    this.#files.delete(id)
    this.#bytes -= length
    // If this fails, `close` removes the file with the directory.
    const removal = rm(path, { force: true }).catch(() => undefined)
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }
}
