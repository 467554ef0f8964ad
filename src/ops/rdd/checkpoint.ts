import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { contextOf, RddBuilder } from './builder.js'
import { checkpointsOf } from './checkpoint-marks.js'
import { nodeOf, rdds } from './facade.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the dataset to files after the next action that uses it, then drops its lineage: later actions read the
     * files. The write is a separate job, in a directory below that of `ctx.setCheckpointDir`. Use it for lineages that
     * grow without limit, as in iterations. Persist the dataset too, or it is computed twice. Files preserve the same
     * data types as a shuffle. Because the lineage is gone, a damaged file fails the tasks that read it. Returns the
     * same dataset.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * ctx.setCheckpointDir(`${tmpdir()}/checkpoints-${process.pid}-${Date.now()}`)
     * const squares = ctx.range(5).map((x) => x * x).persist().checkpoint()
     * await squares.sum() // 30
     * await Promise.resolve(squares.isCheckpointed()) // true
     * ```
     *
     * @throws StateError if no directory was set. The action rejects if the files cannot be written.
     */
    checkpoint(): this
    /**
     * Returns whether checkpoint() was called and the files are written. Runs no job.
     *
     * ```ts
     * await Promise.resolve(ctx.range(5).isCheckpointed()) // false
     * ```
     */
    isCheckpointed(): boolean
    /**
     * Returns the directory of the checkpoint's files; undefined until they are written. Runs no job.
     *
     * ```ts
     * await Promise.resolve(ctx.range(5).getCheckpointFile()) // undefined
     * ```
     */
    getCheckpointFile(): string | undefined
  }
}
declare module './builder.js' {
  interface RddBuilder {
    /**
     * Sets the directory for checkpoints of datasets. Runs no job. Each checkpoint has its own directory below `path`,
     * which the first one creates. The files remain when the context stops.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * ctx.setCheckpointDir(`${tmpdir()}/datasets-${process.pid}`)
     * ```
     *
     * @throws ArgumentError unless `path` is a text that is not empty.
     */
    setCheckpointDir(path: string): void
    /**
     * Returns the directory of this context's checkpoints; undefined if none was set. Runs no job.
     *
     * ```ts
     * const own = new Context()
     * await Promise.resolve(own.getCheckpointDir()) // undefined
     * await own.stop()
     * ```
     */
    getCheckpointDir(): string | undefined
  }
}

RddBuilder.prototype.setCheckpointDir = function (path) {
  if (typeof path !== 'string' || path === '') {
    throw new ArgumentError(`setCheckpointDir got ${describe(path)}; it takes the path of a directory.`, { path })
  }
  const context = contextOf(this)
  checkpointsOf(context).setDirectory(context.files.resolve(path, 'setCheckpointDir'))
}
RddBuilder.prototype.getCheckpointDir = function () {
  return checkpointsOf(contextOf(this)).directory
}
rdds.checkpoint = function () {
  const rdd = nodeOf(this)
  const checkpoints = checkpointsOf(rdd.context)
  if (checkpoints.directory === undefined) {
    throw new StateError('checkpoint() needs a directory for its files: call ctx.setCheckpointDir(path) before it.')
  }
  checkpoints.mark(rdd)
  return this
}
rdds.isCheckpointed = function () {
  return this.getCheckpointFile() !== undefined
}
rdds.getCheckpointFile = function () {
  const rdd = nodeOf(this)
  return checkpointsOf(rdd.context).pathOf(rdd)
}
