import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StateError } from '../errors.js'
import type { BlockHandle } from '../pool/blocks/handle.js'

/** The bytes of a block in a file. Plain data. */
export interface StoredBlock {
  /** Negative, so that files and blocks can be told apart where both are pinned, or found to be corrupt. */
  readonly id: number
  readonly path: string
  readonly length: number
  /** CRC-32 of the bytes, as computed when the block was written: it also finds what went wrong since. */
  readonly crc: number
}

interface Entry extends StoredBlock {
  /** Planned and running tasks that read it. */
  pins: number
  removed: boolean
}

export interface DiskStoreOptions {
  /** Where to make the folder of this store; undefined: the system's folder for temporary files. */
  readonly directory: string | undefined
  /** Bytes that files may take. */
  readonly limit: number
}

/** Files written at a time: further ones wait, so that the thread pool of libuv has threads left for others. */
const WRITERS = 2

/** Folders of stores that are open: the process removes them when it exits. */
const folders = new Set<string>()

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

/**
 * Blocks in files, in a folder of its own that is made with the first file and removed at the end. The driver's event
 * loop is never blocked: bytes go from shared memory to the file in threads of libuv, without a copy.
 */
export class DiskStore {
  readonly #options: DiskStoreOptions
  readonly #files = new Map<number, Entry>()
  readonly #turns: Promise<unknown>[] = Array.from({ length: WRITERS }, () => Promise.resolve())
  readonly #removals = new Set<Promise<void>>()
  #folder: string | undefined
  #making: Promise<string> | undefined
  #ids = 0
  #bytes = 0
  #closed = false

  constructor(options: DiskStoreOptions) {
    this.#options = options
  }

  /** Bytes of all files, those that are being written included. */
  get bytes(): number {
    return this.#bytes
  }

  /** Where files go. */
  get directory(): string {
    return this.#folder ?? this.#options.directory ?? tmpdir()
  }

  /** Writes a block. `payload` must stay as it is until the promise settles. Rejects with the error of the file system. */
  async write({ length, crc }: BlockHandle, payload: Uint8Array): Promise<StoredBlock> {
    const id = --this.#ids
    if (this.#bytes + length > this.#options.limit) {
      throw new StateError(`Files take ${this.#bytes} bytes; ${length} more are over spillLimit.`, {
        spillLimit: this.#options.limit,
        bytes: this.#bytes,
      })
    }
    this.#bytes += length
    const turn = -id % WRITERS
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

  /** Nobody will ask for the file again; it goes once no task reads it. */
  remove(id: number): void {
    const entry = this.#files.get(id)
    if (!entry || entry.removed) return
    entry.removed = true
    if (entry.pins === 0) this.#unlink(entry)
  }

  pin(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#files.get(id)
      if (entry) entry.pins++
    }
  }

  unpin(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#files.get(id)
      if (entry && --entry.pins === 0 && entry.removed) this.#unlink(entry)
    }
  }

  /** Removes the folder with all files, when what is being written is. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#turns, ...this.#removals])
    if (this.#folder !== undefined) {
      await rm(this.#folder, { recursive: true, force: true })
      folders.delete(this.#folder)
      if (folders.size === 0) process.off('exit', removeFolders)
    }
    this.#files.clear()
    this.#bytes = 0
  }

  async #write(id: number, payload: Uint8Array): Promise<string> {
    if (this.#closed) throw new StateError('The context is stopped; it writes no more files.')
    const path = join(await this.#made(), `block-${-id}`)
    const file = await open(path, 'wx', 0o600)
    try {
      for (let done = 0; done < payload.length; ) {
        done += (await file.write(payload, done, payload.length - done)).bytesWritten
      }
    } catch (error) {
      // A full disk leaves a part of the file, which must not stay there.
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
    return path
  }

  #made(): Promise<string> {
    this.#making ??= this.#make().catch((error: unknown) => {
      // The next file tries anew: permissions may have been put right meanwhile.
      this.#making = undefined
      throw error
    })
    return this.#making
  }

  async #make(): Promise<string> {
    const { directory = tmpdir() } = this.#options
    await mkdir(directory, { recursive: true })
    this.#folder = await mkdtemp(join(directory, `millrace-${process.pid}-`))
    if (folders.size === 0) process.once('exit', removeFolders)
    folders.add(this.#folder)
    return this.#folder
  }

  #unlink({ id, path, length }: Entry): void {
    this.#files.delete(id)
    this.#bytes -= length
    // What cannot be removed now goes with the folder.
    const removal = rm(path, { force: true }).catch(() => undefined)
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }
}
