import type { BlockId, SegmentId } from '../../ids.js'
import type { BlockHandle } from './handle.js'
import { idHigh } from './layout.js'

/**
 * The locations of a shuffle's map outputs, passed from thread to thread: an entry of 64 bytes per map task.
 *
 * | word | type | field | |
 * | --- | --- | --- | --- |
 * | 0    | i32 | state   | 0 awaited, 1 published, 2 abandoned; written last, by Atomics |
 * | 1, 2 | u32 | segment | low and high |
 * | 3    | i32 | offset  | |
 * | 4    | i32 | length  | payload bytes |
 * | 5    | i32 | count   | records |
 * | 6    | u32 | crc     | |
 * | 7, 8 | u32 | id      | low and high |
 * | 9–15 | |            | unused |
 *
 * The map task writes its entry, or the driver abandons the entry when the thread is dead, whichever comes first.
 * Reduce tasks sleep until then: waking a thread takes a third of the time of a message.
 */
export class ExchangeBoard {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory = new SharedArrayBuffer(PLACES * PLACE_WORDS * 4)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  /** Resets all entries to awaited. Must not be called while a thread may read or write them. */
  clear(): void {
    for (let at = 0; at < this.#words.length; at += PLACE_WORDS) Atomics.store(this.#words, at, AWAITED)
  }

  /** Publishes the output of a map task. Does nothing if the entry is abandoned. */
  publish(place: number, { segment, offset, length, count, crc, id }: BlockHandle): void {
    const at = place * PLACE_WORDS
    const words = this.#words
    words[at + WORD.segment] = segment | 0
    words[at + WORD.segment + 1] = idHigh(segment)
    words[at + WORD.offset] = offset
    words[at + WORD.length] = length
    words[at + WORD.count] = count
    words[at + WORD.crc] = crc | 0
    words[at + WORD.id] = id | 0
    words[at + WORD.id + 1] = idHigh(id)
    this.#settle(at, THERE)
  }

  /** Abandons an entry whose task failed or whose thread is dead. Does nothing if the entry is published. */
  abandon(place: number): void {
    this.#settle(place * PLACE_WORDS, GIVEN_UP)
  }

  /**
   * Returns the blocks of `count` entries from `first` on, in order. Blocks the thread until all are published. Returns
   * undefined if one is abandoned, or when `patience`, called every few ms, returns false.
   */
  take(first: number, count: number, patience: () => boolean): BlockHandle[] | undefined {
    const blocks: BlockHandle[] = []
    for (let place = first; place < first + count; place++) {
      const at = place * PLACE_WORDS
      while (Atomics.load(this.#words, at) === AWAITED) {
        if (Atomics.wait(this.#words, at, AWAITED, SLICE_MS) === 'timed-out' && !patience()) return undefined
      }
      if (Atomics.load(this.#words, at) === GIVEN_UP) return undefined
      blocks.push(this.#read(at))
    }
    return blocks
  }

  #settle(at: number, state: number): void {
    Atomics.compareExchange(this.#words, at, AWAITED, state)
    Atomics.notify(this.#words, at)
  }

  #read(at: number): BlockHandle {
    const words = this.#words
    return {
      id: joined(words[at + WORD.id]!, words[at + WORD.id + 1]!) as BlockId,
      segment: joined(words[at + WORD.segment]!, words[at + WORD.segment + 1]!) as SegmentId,
      offset: words[at + WORD.offset]!,
      length: words[at + WORD.length]!,
      count: words[at + WORD.count]!,
      codec: 'shuffle',
      crc: words[at + WORD.crc]! >>> 0,
    }
  }
}

/** Most map tasks of one exchange. */
export const PLACES = 64

const PLACE_WORDS = 16
const WORD = { segment: 1, offset: 3, length: 4, count: 5, crc: 6, id: 7 } as const
const AWAITED = 0
const THERE = 1
const GIVEN_UP = 2
const SLICE_MS = 5

function joined(low: number, high: number): number {
  return high * 2 ** 32 + (low >>> 0)
}
