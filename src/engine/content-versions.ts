/** Data that tasks read and that can be computed again: the map outputs of a shuffle, or a kept partition. */
export interface Content {
  /** The operation that makes it, for messages. */
  readonly label: string
  readonly parts: (Part | undefined)[]
  /** Grows whenever a part is computed again and comes out different. */
  version: number
  checkedAt: number
  sound: boolean
}

/** The newest bytes of a map output or a kept partition. They may be lost: the checksum tells whether others differ. */
interface Part {
  readonly crc: number
  readonly from: readonly Reading[]
}

/** What a task has read. `crcs`: of the parts that it took from other threads, which the driver may not know. */
export interface Reading {
  readonly of: Content
  readonly version: number
  readonly crcs?: readonly number[]
}

export function newContent(label: string, parts: number): Content {
  return { label, parts: new Array(parts).fill(undefined), version: 0, checkedAt: -1, sound: true }
}

/** Results, map outputs or persisted partitions that are discarded and computed again. */
export interface Rollback {
  readonly kind: 'task' | 'shuffle' | 'kept'
  /** The operation whose partitions they are. */
  readonly label: string
  readonly partitions: readonly number[]
}

/**
 * Notices that a lost part came out different when it was computed again, so that nothing is made from both versions. Only
 * then is anything looked up: every check begins with `changed`.
 */
export class ContentVersions {
  readonly #onRollback: (rollback: Rollback) => void
  #changes = 0

  constructor(onRollback: (rollback: Rollback) => void) {
    this.#onRollback = onRollback
  }

  get changed(): boolean {
    return this.#changes > 0
  }

  /** A task may have read bytes that the driver will never hear of. */
  suspect(): void {
    this.#changes++
  }

  /** What was made from the old version of lost data is discarded. */
  rollBack(kind: Rollback['kind'], label: string, partitions: readonly number[]): void {
    this.#onRollback({ kind, label, partitions })
  }

  /** A part was computed, from what `from` says. Returns whether it came out different from the one before. */
  enter(content: Content, part: number, crc: number, from: readonly Reading[]): boolean {
    const before = content.parts[part]
    content.parts[part] = { crc, from }
    content.checkedAt = -1
    if (before === undefined || before.crc === crc) return false
    content.version++
    this.#changes++
    return true
  }

  /** Whether nothing of what was read, nor what that was made from, has come out different since. */
  areCurrent(readings: readonly Reading[]): boolean {
    return readings.every((reading) => this.#isCurrent(reading))
  }

  /** Parts that were made from data which has come out different since. */
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
