import { decompressFile } from '../files/compression.js'
import type { FileSystem } from '../files/file-system.js'
import { type FileRange, fileChanged } from '../files/identity.js'
import { checkRemote, remoteFault } from '../files/read-awaited.js'
import { readPart } from '../files/read-part.js'
import type { FileSlice } from './format.js'
import { compressionIf, sliceOf } from './open-file.js'

/**
 * A file of another file system of which a task reads a range. Rejects with FileChangedError if it is not the planned
 * file.
 */
export class RemoteFile {
  readonly #system: FileSystem
  readonly #range: FileRange
  readonly #signal: AbortSignal
  #size = 0
  /** The contents of a compressed file. */
  #content: Buffer | undefined
  /** The response that is being read. Requests are mostly consecutive. */
  #response: AsyncIterator<Uint8Array> | undefined
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(system: FileSystem, range: FileRange, signal: AbortSignal) {
    this.#system = system
    this.#range = range
    this.#signal = signal
  }

  async open(compressible: boolean): Promise<FileSlice> {
    const { path, file: planned } = this.#range
    const size = planned?.size ?? (await this.#named(this.#system.stat(path)))?.file.size
    if (size === undefined) throw fileChanged(path, 'missing', { planned })
    this.#size = size
    const compression = compressionIf(compressible, path, size)
    this.#content = compression && decompressFile(await this.readPart(0, size), compression, path)
    return sliceOf(this.#range, size, this.#content)
  }

  /** Reads the next bytes. Bytes at another offset cost another request. */
  async read(at: number, length: number): Promise<Buffer> {
    if (this.#content) return this.#content.subarray(at, at + length)
    if (at < this.#at || at > this.#at + this.#bytes.length) {
      await this.#end()
      this.#at = at
    }
    this.#bytes = this.#bytes.subarray(at - this.#at)
    this.#at = at
    const pieces: Uint8Array[] = [this.#bytes]
    for (let has = this.#bytes.length; has < length; ) {
      this.#response ??= this.#request(at + has, this.#size)
      const { done, value } = await this.#named(this.#response.next())
      if (done) throw fileChanged(this.#range.path, 'truncated', { planned: this.#range.file })
      pieces.push(value)
      has += value.length
    }
    if (pieces.length > 1) this.#bytes = Buffer.concat(pieces)
    return this.#bytes.subarray(0, length)
  }

  /** Reads a part with a request of its own. */
  readPart(at: number, length: number): Promise<Buffer> {
    const { path, file: planned } = this.#range
    const part = { path, start: at, end: at + length, planned, signal: this.#signal, advice: 'Write smaller files' }
    return this.#named(readPart(this.#system, part))
  }

  /** Rejects if the file was written to after it was planned. */
  async check(): Promise<void> {
    await this.#named(checkRemote(this.#system, this.#range, false))
  }

  async close(): Promise<void> {
    await this.#end()
  }

  #request(start: number, end: number): AsyncIterator<Uint8Array> {
    return this.#system.read(this.#range.path, { start, end, signal: this.#signal })[Symbol.asyncIterator]()
  }

  async #end(): Promise<void> {
    const response = this.#response
    this.#response = undefined
    this.#bytes = Buffer.alloc(0)
    await response?.return?.()
  }

  async #named<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (cause) {
      throw remoteFault(cause, this.#range)
    }
  }
}
