import type { BlockId } from '../../../ids.js'
import { isObject } from '../../../values/copy.js'
import type { PartnerIndex } from './partner-index.js'
import type { Partners } from './partners.js'

/** Rows that a thread keeps. One takes about 100 bytes. */
const MOST_ROWS = 1_000_000
const MOST_ENTRIES = 64
/** Releases of blocks, of which every batch has some, after which a right side that no task has read is dropped. */
const UNUSED_FOR = 1_000

/** The blocks, and the part of each, from which the right side of a join is read. */
export interface RightSide {
  readonly blocks: readonly BlockId[]
  readonly part: number
}

interface Entry {
  readonly first: BlockId | undefined
  /** Absent after the first task that read the blocks: most are read once. */
  readonly index: PartnerIndex | undefined
  /** Absent if values are objects: functions may change them, so each task decodes its own. */
  readonly partners: Partners | undefined
  /** The number of releases at its last use. */
  used: number
}

/**
 * The right sides of joins, between tasks of a thread. A batch that is joined with a dataset needs no index of the dataset then. A
 * block never changes and its id is unique, so what was read from the same blocks is the same. A thread that owns the
 * first block of a right side drops it when it releases the block. Only owners learn of that: other threads drop it when
 * they have released many other blocks without using it, or when more recently used ones need the room.
 */
export class KeptPartners {
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>()
  #rows = 0
  #releases = 0

  find(side: RightSide): Entry | undefined {
    const name = nameOf(side)
    const entry = this.#entries.get(name)
    if (!entry) return undefined
    entry.used = this.#releases
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    return entry
  }

  /** Keeps what a task has read, unless it is the first one. */
  offer(side: RightSide, partners: Partners): void {
    const name = nameOf(side)
    const known = this.#entries.get(name)
    const { index, values } = partners
    // The key of a record without a partner is the index's own, so it must not be an object either.
    const keeps = known && !index.hasObjects && index.rows <= MOST_ROWS
    const keepsValues = keeps && !values.some(isObject)
    if (keepsValues) partners.keep()
    this.#drop(name)
    this.#entries.set(name, {
      first: side.blocks[0],
      index: keeps ? index : undefined,
      partners: keepsValues ? partners : undefined,
      used: this.#releases,
    })
    if (keeps) this.#rows += index.rows
    for (const oldest of this.#entries.keys()) {
      if (this.#rows <= MOST_ROWS && this.#entries.size <= MOST_ENTRIES) return
      this.#drop(oldest)
    }
  }

  release(ids: readonly BlockId[]): void {
    this.#releases++
    for (const [name, { first, used }] of this.#entries) {
      const isReleased = first !== undefined && ids.includes(first)
      if (isReleased || this.#releases - used > UNUSED_FOR) this.#drop(name)
    }
  }

  #drop(name: string): void {
    this.#rows -= this.#entries.get(name)?.index?.rows ?? 0
    this.#entries.delete(name)
  }
}

function nameOf({ blocks, part }: RightSide): string {
  return `${part}:${blocks.join()}`
}
