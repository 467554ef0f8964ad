import type { FileReads } from '../engine/scheduler/file-reads.js'
import type { FileChangedError } from '../errors.js'
import type { StagePlanner } from './stage-planner.js'

/** A stage that the gateway has: what its tasks compute, for their reports and errors. */
export interface Stage {
  readonly rdd: number
  readonly label: string
  readonly partitions: readonly Pick<StagePlanner, 'rejecting' | 'sources'>[]
  /** Partitions whose report was entered. Spark runs tasks again after it has lost their output. */
  readonly reported: Set<number>
}

/**
 * The stages that the gateway has, and the RDDs that each reads. A stage is outdated once a file is left out that it was to read: it and
 * all that reads it are described again, and nothing of them counts.
 */
export class StageTable {
  readonly #stages = new Map<number, Stage>()
  readonly #parents = new Map<number, readonly number[]>()
  readonly #outdated = new Set<number>()

  /** Returns the stage with this number; undefined if it was dropped, or is outdated. */
  get(rdd: number): Stage | undefined {
    return this.#outdated.has(rdd) ? undefined : this.#stages.get(rdd)
  }

  /** Enters an RDD, which may be a stage. */
  add(rdd: number, parents: readonly number[], stage?: Stage): void {
    this.#parents.set(rdd, parents)
    if (stage) this.#stages.set(rdd, stage)
  }

  drop(rdd: number): void {
    this.#stages.delete(rdd)
    this.#parents.delete(rdd)
    this.#outdated.delete(rdd)
  }

  isOutdated(rdd: number): boolean {
    return this.#outdated.has(rdd)
  }

  /** Leaves the file that an error names out of the datasets that a stage and its parents read. Returns whether any can do without it. */
  leaveOut(rdd: number, error: FileChangedError): boolean {
    const { path } = error.details
    const left = new Set<FileReads>()
    for (const each of this.#lineageOf(rdd)) {
      for (const reads of readersOf(this.#stages.get(each), path)) if (reads.leaveOut(error)) left.add(reads)
    }
    if (left.size === 0) return false
    for (const [number, stage] of this.#stages)
      if (readersOf(stage, path).some((reads) => left.has(reads))) this.#outdated.add(number)
    // Those with parents of higher numbers do not exist, so one pass in the order of their creation finds all.
    for (const [number, parents] of this.#parents)
      if (parents.some((parent) => this.#outdated.has(parent))) this.#outdated.add(number)
    return true
  }

  #lineageOf(rdd: number, found = new Set<number>()): ReadonlySet<number> {
    if (found.has(rdd)) return found
    found.add(rdd)
    for (const parent of this.#parents.get(rdd) ?? []) this.#lineageOf(parent, found)
    return found
  }
}

/** The datasets whose tasks in a stage read a file. */
function readersOf(stage: Stage | undefined, path: unknown): FileReads[] {
  const sources = stage?.partitions.flatMap((each) => each.sources) ?? []
  return sources.flatMap(({ files }) => (files?.ranges.some((range) => range.path === path) ? [files.reads] : []))
}
