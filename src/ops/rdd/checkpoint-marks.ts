import { joinPath } from '../../files/paths.js'
import type { Dataset } from '../dataset.js'
import type { RddContext } from './context.js'
import type { Rdd } from './rdd.js'

type Progress = 'marked' | 'writing' | { readonly written: string }

/** The datasets of one context for which checkpoint() was called. The job runner writes them. */
export class CheckpointMarks {
  /** Marked datasets that have not been written. */
  readonly #marked = new Set<Rdd<unknown>>()
  readonly #progress = new WeakMap<Rdd<unknown>, Progress>()
  #directory: string | undefined

  /** The directory of this context's checkpoints; undefined if none was set. */
  get directory(): string | undefined {
    return this.#directory
  }

  /** Whether all marked datasets have been written. */
  get isEmpty(): boolean {
    return this.#marked.size === 0
  }

  /** Creates a name for this context's own directory below the absolute `path`. */
  setDirectory(path: string): void {
    this.#directory = joinPath(path, crypto.randomUUID())
  }

  mark(rdd: Rdd<unknown>): void {
    if (this.#progress.has(rdd)) return
    this.#progress.set(rdd, 'marked')
    this.#marked.add(rdd)
  }

  /** Returns the directory of a dataset's files; undefined until they are written. */
  pathOf(rdd: Rdd<unknown>): string | undefined {
    const at = this.#progress.get(rdd)
    return typeof at === 'object' ? at.written : undefined
  }

  /**
   * Returns the marked datasets that a job has used, oldest first, so that later ones read the files of earlier ones.
   */
  usedBy(dataset: Dataset): Rdd<unknown>[] {
    const ancestors = ancestorsOf(dataset)
    return [...this.#marked].filter((marked) => ancestors.has(marked)).sort((a, b) => a.id - b.id)
  }

  /**
   * Calls `write` to write a marked dataset into a directory. `write` returns a dataset that reads the files, which
   * replaces the lineage. Does nothing if another job is already writing it.
   */
  async write(rdd: Rdd<unknown>, write: (path: string) => Promise<Dataset>): Promise<void> {
    if (this.#progress.get(rdd) !== 'marked') return
    this.#progress.set(rdd, 'writing')
    const path = joinPath(this.#directory!, `rdd-${rdd.id}`)
    try {
      rdd.context.rdds.truncate(rdd, await write(path))
      this.#progress.set(rdd, { written: path })
    } catch (error) {
      // The user may call checkpoint() again after removing the cause.
      this.#progress.delete(rdd)
      throw error
    } finally {
      this.#marked.delete(rdd)
    }
  }
}

/** Returns the checkpoints of a context's datasets. */
export function checkpointsOf(context: RddContext): CheckpointMarks {
  return context.run.of(context, CheckpointMarks)
}

/** Returns the dataset and all of its ancestors. */
function ancestorsOf(dataset: Dataset): Set<Dataset> {
  const seen = new Set<Dataset>()
  const open = [dataset]
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    for (const dependency of next.dependencies) open.push(dependency.rdd)
  }
  return seen
}
