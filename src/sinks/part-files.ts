import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { ArgumentError, MillraceError, SaveError, StateError } from '../errors.js'
import { absolutePath } from '../files/paths.js'
import type { Stream } from '../ops/dstream/dstream.js'
import type { AnyFunction } from '../ops/functions/ref.js'
import { checkNames } from '../ops/option-names.js'
import { applyTo } from '../ops/rdd/actions.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { messageOf } from '../values/message-of.js'

/*
 * Directories of files `part-00000`, one a partition, and `_SUCCESS`. Workers write into a directory beside, `.<name>.saving`;
 * the driver renames it once all parts are there. So the directory is there complete or not at all, whoever dies. What is
 * replaced is called `<name>.old` between two renames:
 *
 *   <name>, .<name>.saving  ->  <name>.old, .<name>.saving  ->  <name>, <name>.old  ->  <name>
 */
export const SUCCESS = '_SUCCESS'

export interface SaveOptions {
  /** Replaces a directory that exists (false). Inside of a batch it is always replaced, as a batch may run again. */
  readonly overwrite?: boolean
}

/** Numbers the temporary files of one thread, so that two attempts never write into the same file. */
let written = 0

/** Writes the file of a partition. Runs in a worker. A late attempt fails, as the directory has its final name by then. */
export function writePart(directory: string, partition: number, content: string | Uint8Array): void {
  const part = join(directory, `part-${String(partition).padStart(5, '0')}`)
  const temporary = `${part}.${process.pid}-${threadId}-${written++}.tmp`
  try {
    writeFileSync(temporary, content)
    renameSync(temporary, part)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Directories that this process writes now: two saves into one would remove each other's parts. */
const saving = new Set<string>()

/** Runs a save to a path: errors of the file system become SaveErrors, which name the path. */
async function saved(path: string, label: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new SaveError(
      `${label}: '${path}' cannot be written: ${messageOf(cause)}. What was there before is still there; check permissions and free space.`,
      { cause, details: { path } },
    )
  }
}

/** Writes all partitions beside `path`, then has them appear there in one step. */
async function save(rdd: Rdd<unknown>, path: string, write: Write, label: string): Promise<void> {
  if (saving.has(path)) {
    throw new StateError(`${label}: '${path}' is being saved to already. Give each save a path of its own.`, { path })
  }
  saving.add(path)
  const temporary = join(dirname(path), `.${basename(path)}.saving`)
  try {
    await recover(path)
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { recursive: true })
    await applyTo(rdd, write(temporary), label)
    // Left by threads that died while they wrote.
    for (const name of await readdir(temporary))
      if (name.endsWith('.tmp')) await rm(join(temporary, name), { force: true })
    await writeFile(join(temporary, SUCCESS), '')
    await publish(temporary, path)
  } catch (error) {
    // Where nothing can be written nothing can be removed: the first error is the one to tell.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    throw error
  } finally {
    saving.delete(path)
  }
}

/** Ends what a killed process had begun: its old directory comes back unless the new one is there. */
async function recover(path: string): Promise<void> {
  const old = `${path}.old`
  if (!(await exists(old))) return
  if (await exists(join(path, SUCCESS))) await rm(old, { recursive: true, force: true })
  else if (!(await exists(path))) await rename(old, path)
}

async function publish(temporary: string, path: string): Promise<void> {
  const old = `${path}.old`
  if (!(await exists(path))) return rename(temporary, path)
  await rm(old, { recursive: true, force: true })
  await rename(path, old)
  await rename(temporary, path)
  await rm(old, { recursive: true, force: true })
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

/** Makes the function that workers run over a partition. */
type Write = (directory: string) => AnyFunction

/** Saves into a directory that must not be there yet, unless `overwrite`, or the save is part of a batch. */
export async function saveNew(
  rdd: Rdd<unknown>,
  given: string | URL,
  write: Write,
  label: string,
  options: SaveOptions = {},
): Promise<void> {
  const path = absolutePath(given, label)
  const { overwrite = false, ...unknown } = options
  checkNames(unknown, ['overwrite'], label)
  if (typeof overwrite !== 'boolean')
    throw new ArgumentError(`overwrite is ${JSON.stringify(overwrite)}; give true or false.`, { overwrite })
  const may = overwrite || rdd.context.inBatch()
  await saved(path, label, () => (may ? save(rdd, path, write, label) : create(rdd, path, write, label)))
}

/** Saves into a directory that is not there yet. */
async function create(rdd: Rdd<unknown>, path: string, write: Write, label: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  try {
    // Of two processes that come at the same time one gets it.
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new ArgumentError(
      `${label}: '${path}' exists already. Choose another directory, remove it first, or give { overwrite: true }.`,
      { path },
    )
  }
  try {
    await save(rdd, path, write, label)
  } catch (error) {
    // Only if it is still empty.
    await rmdir(path).catch(() => undefined)
    throw error
  }
}

/** An output operation that saves each batch as `prefix-<time in ms>[.suffix]`. */
export function saveEach(
  stream: Stream<unknown>,
  prefix: string | URL,
  suffix: string | undefined,
  write: Write,
  label: string,
): void {
  const start = absolutePath(prefix, label)
  const pathAt = (time: number | '<time>') => (suffix ? `${start}-${time}.${suffix}` : `${start}-${time}`)
  const saveAt = (rdd: Rdd<unknown>, path: string) => saved(path, label, () => save(rdd, path, write, label))
  stream.builder.addOutput(stream, label, (rdd, time) => saveAt(rdd, pathAt(time)), pathAt('<time>'))
}
