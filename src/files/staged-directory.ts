import { FileSystemError } from '../errors.js'
import type { FileOutput, FileSystem, StagedFile } from './file-system.js'
import { joinPath, nameOf, parentOf } from './paths.js'
import { writeFile } from './whole.js'

/*
 * A directory of files `part-00000`, one per partition, and `_SUCCESS`. Tasks write parts under hidden names; the
 * driver publishes the parts of the tasks that it accepts. If the file system can rename, the parts are first written
 * to a directory beside it, and `<name>` appears complete or not at all:
 *
 *   _temporary-<name>/attempts/part-00000-<unique>    written by a task
 *   _temporary-<name>/complete/part-00000             accepted
 *   _temporary-<name>/replaced                        the directory that was there, between two renames
 *
 * If it cannot (S3), parts are uploads that appear one by one when the driver publishes them, and `_SUCCESS` appears
 * last.
 */
export const SUCCESS = '_SUCCESS'

/** A part that a task has written, as plain data for the driver. */
export interface StagedPart {
  readonly name: string
  readonly file: StagedFile
}

export interface PartOutput extends Omit<FileOutput, 'close'> {
  close(): Promise<StagedPart>
}

/** The driver's half of a save. */
export interface StagedDirectory {
  /**
   * Removes the leftovers of earlier saves. Rejects with the reason `exists` if the path exists, unless it is to be
   * replaced.
   */
  begin(): Promise<void>
  /** Makes the parts visible. */
  publish(parts: readonly StagedPart[]): Promise<void>
  /** Removes all parts. */
  abort(): Promise<void>
}

/** The number of concurrent requests while parts are published. */
const AT_ONCE = 16

/** Creates a part in a task. Two attempts never write to the same file. */
export async function stagePart(system: FileSystem, directory: string, name: string): Promise<PartOutput> {
  if (system.stage) {
    const staged = await system.stage(joinPath(directory, name))
    return {
      write: (bytes) => staged.write(bytes),
      close: async () => ({ name, file: await staged.close() }),
      abort: () => staged.abort(),
    }
  }
  const path = joinPath(attemptsOf(directory), `${name}-${crypto.randomUUID()}`)
  // A late attempt must not create the directory of an ended save again.
  const output = await system.create(path, { parents: false })
  return {
    write: (bytes) => output.write(bytes),
    close: async () => {
      await output.close()
      return { name, file: { path } }
    },
    abort: () => output.abort(),
  }
}

/** `replace`: whether the directory may already exist. */
export function stagedDirectory(system: FileSystem, path: string, replace: boolean): StagedDirectory {
  return system.rename ? new RenamedDirectory(system, path, replace) : new UploadedDirectory(system, path, replace)
}

function workOf(path: string): string {
  return joinPath(parentOf(path), `_temporary-${nameOf(path)}`)
}

function attemptsOf(path: string): string {
  return joinPath(workOf(path), 'attempts')
}

class RenamedDirectory implements StagedDirectory {
  readonly #system: FileSystem
  readonly #path: string
  readonly #work: string
  readonly #complete: string
  readonly #replaced: string
  readonly #replace: boolean

  constructor(system: FileSystem, path: string, replace: boolean) {
    this.#system = system
    this.#path = path
    this.#replace = replace
    this.#work = workOf(path)
    this.#complete = joinPath(this.#work, 'complete')
    this.#replaced = joinPath(this.#work, 'replaced')
  }

  async begin(): Promise<void> {
    if (this.#replace) await this.#recover()
    else await claim(this.#system, this.#path, this.#work)
    await this.#system.mkdirs(this.#complete)
    await this.#system.mkdirs(attemptsOf(this.#path))
  }

  async publish(parts: readonly StagedPart[]): Promise<void> {
    const system = this.#system
    await inTurns(parts, ({ name, file }) => system.rename!(file.path, joinPath(this.#complete, name)))
    await writeFile(system, joinPath(this.#complete, SUCCESS), [])
    if (this.#replace && (await system.stat(this.#path))) await system.rename!(this.#path, this.#replaced)
    await system.rename!(this.#complete, this.#path)
    await system.delete(this.#work)
  }

  abort(): Promise<void> {
    return this.#system.delete(this.#work)
  }

  /** Completes the work of a killed process: restores the directory that it was about to replace. */
  async #recover(): Promise<void> {
    const system = this.#system
    if ((await system.stat(this.#replaced)) && !(await system.stat(this.#path)))
      await system.rename!(this.#replaced, this.#path)
    await system.delete(this.#work)
  }
}

class UploadedDirectory implements StagedDirectory {
  readonly #system: FileSystem
  readonly #path: string
  readonly #work: string
  readonly #replace: boolean

  constructor(system: FileSystem, path: string, replace: boolean) {
    this.#system = system
    this.#path = path
    this.#replace = replace
    this.#work = workOf(path)
  }

  async begin(): Promise<void> {
    if (!this.#replace) await claim(this.#system, this.#path, this.#work)
    await this.#system.discardStaged?.(this.#path)
  }

  async publish(parts: readonly StagedPart[]): Promise<void> {
    const system = this.#system
    const success = joinPath(this.#path, SUCCESS)
    await system.delete(success)
    await inTurns(parts, ({ file }) => system.publish!(file))
    const names = new Set(parts.map(({ name }) => name))
    // The files of the previous directory.
    const old = ((await system.list(this.#path)) ?? []).filter(({ name }) => !names.has(name))
    await inTurns(old, ({ name }) => system.delete(joinPath(this.#path, name)))
    await writeFile(system, success, [])
    await this.abort()
  }

  async abort(): Promise<void> {
    await this.#system.discardStaged?.(this.#path)
    if (!this.#replace) await this.#system.delete(this.#work)
  }
}

/** Reserves a path that does not exist. If two processes try at the same time, one succeeds. */
async function claim(system: FileSystem, path: string, work: string): Promise<void> {
  const taken = () => new FileSystemError('exists', `${path} exists`, { details: { path } })
  if (await system.stat(path)) throw taken()
  await writeFile(system, joinPath(work, 'owner'), [], { exclusive: true })
  // Another save may have ended meanwhile.
  if (!(await system.stat(path))) return
  await system.delete(work)
  throw taken()
}

async function inTurns<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(run))
}
