import type { FileChangedError } from '../../errors.js'
import { type FileRange, fileChanged } from '../../files/identity.js'
import type { PartitionIndex } from '../../ids.js'

/** Whether this error excluded the file, or an earlier one did. */
export type LeftOut = 'now' | 'before'

/**
 * The files of one dataset. The first read of a partition records its checksum: a task that reads it again gets the
 * same bytes or fails. A file can be excluded only before any task has read it, because all tasks of all jobs must see
 * the same records.
 */
export class FileReads {
  readonly #mayLeaveOut: (error: FileChangedError) => boolean
  readonly #sums = new Map<number, number>()
  readonly #read = new Set<string>()
  readonly #leftOut = new Set<string>()

  constructor(mayLeaveOut: (error: FileChangedError) => boolean = () => false) {
    this.#mayLeaveOut = mayLeaveOut
  }

  /** Returns the ranges that a task must read, and the checksum that it must get. */
  plan(
    partition: PartitionIndex,
    ranges: readonly FileRange[],
  ): { readonly ranges: readonly FileRange[]; readonly sum?: number } {
    const wanted = this.#leftOut.size === 0 ? ranges : ranges.filter(({ path }) => !this.#leftOut.has(path))
    return { ranges: wanted, sum: this.#sums.get(partition) }
  }

  /**
   * Records that a task has read a partition. Throws FileChangedError if another task has excluded one of its files
   * meanwhile.
   */
  done(partition: PartitionIndex, ranges: readonly FileRange[], sum: number | undefined): void {
    // A task that needs only some records does not read to the end, so it has no checksum.
    if (sum !== undefined) this.#sums.set(partition, sum)
    for (const { path, file } of ranges) {
      if (this.#leftOut.has(path)) throw fileChanged(path, 'missing', { planned: file })
      this.#read.add(path)
    }
  }

  /** Excludes the file that an error names. Returns undefined if the dataset needs it. */
  leaveOut(error: FileChangedError): LeftOut | undefined {
    const path = String(error.details.path)
    if (this.#leftOut.has(path)) return 'before'
    if (this.#read.has(path) || !this.#mayLeaveOut(error)) return undefined
    this.#leftOut.add(path)
    return 'now'
  }
}
