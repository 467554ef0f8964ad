import { closeSync, fstatSync } from 'node:fs'
import { type Compression, compressionOf, decompressFile } from '../files/compression.js'
import { checkIdentity, type FileRange, fileChanged, identityOf } from '../files/identity.js'
import { openFile, readAt } from '../files/read-range.js'
import type { FileSlice } from './format.js'

/** A local file of which a task reads a range. Throws FileChangedError if it is not the planned file. */
export class OpenFile {
  readonly slice: FileSlice
  readonly #range: FileRange
  readonly #descriptor: number
  /** The contents of a compressed file. */
  readonly #content: Buffer | undefined

  constructor(range: FileRange, compressible: boolean) {
    this.#range = range
    this.#descriptor = openFile(range)
    try {
      this.check()
      const size = range.file?.size ?? fstatSync(this.#descriptor).size
      const compression = compressionIf(compressible, range.path, size)
      this.#content = compression && decompressFile(this.#readAt(0, size), compression, range.path)
      this.slice = sliceOf(range, size, this.#content)
    } catch (error) {
      this.close()
      throw error
    }
  }

  read(at: number, length: number): Buffer {
    return this.#content?.subarray(at, at + length) ?? this.#readAt(at, length)
  }

  /** Throws if the file was written to after it was planned. */
  check(): void {
    const { path, file: planned } = this.#range
    const stats = fstatSync(this.#descriptor)
    if (!stats.isFile()) throw fileChanged(path, 'replaced', { planned })
    if (planned) checkIdentity(path, planned, identityOf(stats), false)
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #readAt(at: number, length: number): Buffer {
    const bytes = readAt(this.#descriptor, at, length, this.#range)
    if (bytes.length === length) return bytes
    throw fileChanged(this.#range.path, 'truncated', { planned: this.#range.file })
  }
}

/** Returns how to decompress a file whose format may be compressed. */
export function compressionIf(compressible: boolean, path: string, size: number): Compression | undefined {
  return compressible && size > 0 ? compressionOf(path) : undefined
}

/** Returns the part of a file that a range covers; for a compressed file, all of its contents. */
export function sliceOf({ path, start, end }: FileRange, size: number, content: Buffer | undefined): FileSlice {
  return content ? { path, size: content.length, start: 0, end: content.length } : { path, size, start, end }
}
