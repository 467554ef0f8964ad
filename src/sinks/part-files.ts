import { ArgumentError, MillraceError, SaveError, StateError } from '../errors.js'
import { hasReason } from '../files/reasons.js'
import { type StagedPart, stagedDirectory, stagePart } from '../files/staged-directory.js'
import type { Stream } from '../ops/dstream/dstream.js'
import type { OutputCall } from '../ops/dstream/graph.js'
import type { AnyFunction } from '../ops/functions/ref.js'
import { applyTo } from '../ops/rdd/actions.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import type { TaskContext } from '../ops/task-context.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'
import { commitOutput } from './commit-output.js'

export interface SaveOptions {
  /**
   * Whether to replace an existing directory (false). In a batch it is always replaced, because a batch may run again.
   */
  readonly overwrite?: boolean
}

/** Writes the part of a task's partition, piece by piece. Runs in a worker. Resolves with the message for the driver. */
export async function writePart(
  task: TaskContext,
  directory: string,
  pieces: Iterable<Uint8Array>,
  ending = '',
): Promise<StagedPart> {
  const name = `part-${String(task.partition).padStart(5, '0')}${ending}`
  const part = await stagePart(await task.fileSystem(directory), directory, name)
  try {
    for (const piece of pieces) {
      task.signal.throwIfAborted()
      await part.write(piece)
    }
    return await part.close()
  } catch (error) {
    await part.abort()
    throw error
  }
}

/** Directories to which this process is writing: two saves into one would remove each other's parts. */
const saving = new Set<string>()

/** Returns the function that workers run over a partition. It resolves with the message of `writePart`. */
type Write = (directory: string) => AnyFunction

interface Save {
  readonly path: string
  readonly write: Write
  /** The name of the operation in errors. */
  readonly label: string
  /** Whether the directory may already exist. */
  readonly replace: boolean
}

/** Writes all partitions, then publishes them. Errors of the file system become SaveErrors, which name the path. */
async function save(rdd: Rdd<unknown>, { path, write, label, replace }: Save): Promise<void> {
  if (saving.has(path)) {
    throw new StateError(`${label}: '${path}' is already being saved to. Use a different path for each save.`, { path })
  }
  saving.add(path)
  try {
    const directory = stagedDirectory(await rdd.context.files.of(path), path, replace)
    await directory.begin()
    try {
      const parts = await applyTo<StagedPart>(rdd, write(path), label)
      await commitOutput(rdd, () => directory.publish(parts))
    } catch (error) {
      // If nothing can be written, nothing can be removed either, so the first error is reported.
      await directory.abort().catch(() => undefined)
      throw error
    }
  } catch (cause) {
    throw saveError(cause, path, label)
  } finally {
    saving.delete(path)
  }
}

function saveError(cause: unknown, path: string, label: string): unknown {
  if (hasReason(cause, 'exists')) {
    return new ArgumentError(
      `${label}: '${path}' exists already, or another process is saving to it. Choose another directory, remove it first, or set { overwrite: true }.`,
      { path },
    )
  }
  if (cause instanceof MillraceError && cause.code !== 'ERR_MILLRACE_FILE_SYSTEM') return cause
  return new SaveError(
    `${label}: '${path}' cannot be written: ${messageOf(cause)}. The previous content is unchanged; check permissions and free space.`,
    { cause, details: { path } },
  )
}

/** Saves into a directory that must not exist, unless `overwrite` is set or the save is part of a batch. */
export async function saveNew(
  rdd: Rdd<unknown>,
  given: string | URL,
  write: Write,
  label: string,
  { overwrite = false }: SaveOptions,
): Promise<void> {
  const path = rdd.context.files.resolve(given, label)
  if (typeof overwrite !== 'boolean')
    throw new ArgumentError(`overwrite is ${describe(overwrite)}; it must be true or false.`, { overwrite })
  await save(rdd, { path, write, label, replace: overwrite || rdd.context.runner.isInBatch })
}

/** Adds an output operation that saves each batch as `prefix-<time in ms>[.suffix]`. */
export function saveEach(
  stream: Stream<unknown>,
  prefix: string | URL,
  suffix: string | undefined,
  write: Write,
  label: string,
): void {
  const start = stream.graph.context.files.resolve(prefix, label)
  if (suffix !== undefined && typeof suffix !== 'string') {
    throw new ArgumentError(
      `${label}: suffix is ${describe(suffix)}; it must be a text such as 'txt', or '' for none.`,
      {
        suffix,
      },
    )
  }
  const pathAt = (time: number | '<time>') => (suffix ? `${start}-${time}.${suffix}` : `${start}-${time}`)
  const target = pathAt('<time>')
  const run = (rdd: Rdd<unknown>, { time }: OutputCall) =>
    save(rdd, { path: pathAt(time), write, label, replace: true })
  stream.graph.addOutput(stream, label, run, { target })
}
