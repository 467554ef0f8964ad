import { join, resolve } from 'node:path'
import { ArgumentError, StateError } from '../errors.js'
import { RddBuilder } from '../ops/rdd/builder.js'
import { Rdd } from '../ops/rdd/rdd.js'
import './object-files.js'

declare module '../ops/rdd/rdd.js' {
  interface Rdd<T> {
    /**
     * Has the dataset written into the directory of `ctx.setCheckpointDir` after the next action that uses it, by a job
     * of its own, and forgets its lineage: later uses read the files. For lineages that grow without end, as in
     * iterations. Persist the dataset too, or it is computed twice. What the files keep is what a shuffle keeps. Throws
     * StateError without a directory; the action rejects if the files cannot be written. A damaged file fails the tasks
     * that read it: there is no lineage to compute it from.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * ctx.setCheckpointDir(`${tmpdir()}/checkpoints-${process.pid}-${Date.now()}`)
     * const squares = ctx.range(5).map((x) => x * x).persist()
     * squares.checkpoint()
     * await squares.sum() // 30
     * await Promise.resolve(squares.isCheckpointed()) // true
     * ```
     */
    checkpoint(): void
    /** Whether checkpoint() was called and the files are written. */
    isCheckpointed(): boolean
    /** The directory of the dataset's files; undefined until they are written. */
    getCheckpointFile(): string | undefined
  }
}
declare module '../ops/rdd/builder.js' {
  interface RddBuilder {
    /**
     * Where checkpoints of datasets go: into a directory of their own below `path`, made when the first is written. They
     * stay when the context stops.
     */
    setCheckpointDir(path: string): void
    /** The directory of this context's checkpoints; undefined unless one was set. */
    getCheckpointDir(): string | undefined
  }
}

type Progress = 'marked' | 'writing' | { readonly written: string }

/** Checkpoints of one context. */
interface Checkpoints {
  readonly directory: string
  /** Marked datasets that are not written yet. */
  readonly marked: Set<Rdd<unknown>>
}

const checkpoints = new WeakMap<RddBuilder, Checkpoints>()
const progress = new WeakMap<Rdd<unknown>, Progress>()

RddBuilder.prototype.setCheckpointDir = function (path) {
  if (typeof path !== 'string' || path === '') {
    throw new ArgumentError(`setCheckpointDir got ${JSON.stringify(path)}; it takes the path of a directory.`, { path })
  }
  const marked = checkpoints.get(this)?.marked ?? new Set()
  checkpoints.set(this, { directory: join(resolve(path), crypto.randomUUID()), marked })
  this.afterJob = (rdd) => writeMarked(this, rdd)
}
RddBuilder.prototype.getCheckpointDir = function () {
  return checkpoints.get(this)?.directory
}
Rdd.prototype.checkpoint = function () {
  const of = checkpoints.get(this.context)
  if (!of) {
    throw new StateError('checkpoint() needs a directory for its files: call ctx.setCheckpointDir(path) before it.')
  }
  if (progress.has(this)) return
  progress.set(this, 'marked')
  of.marked.add(this)
}
Rdd.prototype.isCheckpointed = function () {
  return this.getCheckpointFile() !== undefined
}
Rdd.prototype.getCheckpointFile = function () {
  const at = progress.get(this)
  return typeof at === 'object' ? at.written : undefined
}

/** Writes the marked datasets that a job has used, the oldest first: those made of them then read the files. */
async function writeMarked(context: RddBuilder, used: Rdd<unknown>): Promise<void> {
  const { marked, directory } = checkpoints.get(context)!
  if (marked.size === 0) return
  const ancestors = ancestorsOf(used)
  for (const rdd of [...marked].sort((a, b) => a.id - b.id)) {
    // The job that writes ends here too, and other jobs may end meanwhile.
    if (!ancestors.has(rdd) || progress.get(rdd) !== 'marked') continue
    progress.set(rdd, 'writing')
    const path = join(directory, `rdd-${rdd.id}`)
    try {
      await rdd.saveAsObjectFile(path)
    } catch (error) {
      // It is as if checkpoint() had not been called: the user may call it again once the cause is gone.
      progress.delete(rdd)
      marked.delete(rdd)
      throw error
    }
    rdd.readInstead(context.objectFile(path))
    progress.set(rdd, { written: path })
    marked.delete(rdd)
  }
}

function ancestorsOf(rdd: Rdd<unknown>): Set<Rdd<unknown>> {
  const seen = new Set<Rdd<unknown>>()
  const open = [rdd]
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    for (const dependency of next.dependencies) open.push(dependency.rdd)
  }
  return seen
}
