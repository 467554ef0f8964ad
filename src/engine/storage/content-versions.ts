import type { Rollback } from '../events/engine-events.js'
import type { Events } from '../events/events.js'

/** Data that tasks read and that can be recomputed: the map outputs of a shuffle, or a persisted partition. */
export interface Content {
  /** The operation that computes it, for messages. */
  readonly label: string
  readonly parts: (Part | undefined)[]
  /** Increases whenever a part is recomputed and comes out different. */
  version: number
  checkedAt: number
  sound: boolean
}

/**
 * The newest bytes of a map output or a persisted partition. The checksum outlives them, to be compared with recomputed
 * bytes.
 */
interface Part {
  readonly crc: number
  readonly from: readonly Reading[]
}

/**
 * The version of some content that a task has read. `crcs`: checksums of parts that came from other threads and may be
 * unknown here.
 */
export interface Reading {
  readonly of: Content
  readonly version: number
  readonly crcs?: readonly number[]
}

export function newContent(label: string, parts: number): Content {
  return { label, parts: new Array(parts).fill(undefined), version: 0, checkedAt: -1, sound: true }
}

/**
 * Detects lost parts that come out different when they are recomputed, so that no result mixes two versions. Until that
 * happens there are no look-ups: every check first reads `changed`.
 */
export class ContentVersions {
  readonly #events: Pick<Events, 'emit'>
  #changes = 0

  constructor(events: Pick<Events, 'emit'>) {
    this.#events = events
  }

  get changed(): boolean {
    return this.#changes > 0
  }

  /** Called when a task may have read bytes whose checksum the driver will never know. */
  suspect(): void {
    this.#changes++
  }

  /** Reports that partitions computed from an old version are discarded. */
  rollBack(kind: Rollback['kind'], label: string, partitions: readonly number[]): void {
    this.#events.emit('rolledBack', { kind, label, partitions })
  }

  /** Registers a part that was computed from the readings `from`. Returns whether it differs from the previous part. */
  enter(content: Content, part: number, crc: number, from: readonly Reading[]): boolean {
    const before = content.parts[part]
    content.parts[part] = { crc, from }
    content.checkedAt = -1
    if (before === undefined || before.crc === crc) return false
    content.version++
    this.#changes++
    return true
  }

  /** Whether all readings, and everything that they were computed from, are still the newest version. */
  areCurrent(readings: readonly Reading[]): boolean {
    return readings.every((reading) => this.#isCurrent(reading))
  }

  /** Returns the parts that were computed from data which has come out different since. */
  outdated({ parts }: Content): number[] {
    return [...parts.keys()].filter((i) => parts[i] && !this.areCurrent(parts[i].from))
  }

  #isCurrent({ of, version, crcs }: Reading): boolean {
    if (version !== of.version) return false
    if (crcs?.some((crc, i) => of.parts[i] && of.parts[i].crc !== crc)) return false
    return this.#isSound(of)
  }

  #isSound(content: Content): boolean {
    if (content.checkedAt === this.#changes) return content.sound
    content.checkedAt = this.#changes
    content.sound = content.parts.every((part) => !part || this.areCurrent(part.from))
    return content.sound
  }
}
