import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { ArgumentError } from '../errors.js'
import type { Stream } from '../ops/dstream/dstream.js'
import type { AnyFunction } from '../ops/functions/ref.js'
import { applyTo } from '../ops/rdd/actions.js'
import type { Rdd } from '../ops/rdd/rdd.js'

/*
 * Directories of files `part-00000`, one a partition, and `_SUCCESS` once all are there. Workers write; a part appears by
 * rename, so an attempt that dies leaves nothing.
 */
export const SUCCESS = '_SUCCESS'

/** Numbers the temporary files of one thread, so that two attempts never write into the same file. */
let written = 0

/** Writes the file of a partition. Runs in a worker. */
export function writePart(directory: string, partition: number, content: string | Uint8Array): void {
  const part = join(directory, `part-${String(partition).padStart(5, '0')}`)
  const temporary = `${part}.${process.pid}-${threadId}-${written++}.tmp`
  mkdirSync(directory, { recursive: true })
  try {
    writeFileSync(temporary, content)
    renameSync(temporary, part)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Runs `write` over each partition and marks the directory as complete. */
async function saveParts(rdd: Rdd<unknown>, path: string, write: AnyFunction, label: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await applyTo(rdd, write, label)
  // Left by threads that died while they wrote.
  for (const name of await readdir(path)) if (name.endsWith('.tmp')) await rm(join(path, name), { force: true })
  await writeFile(join(path, SUCCESS), '')
}

/** Saves into a directory that must not be there yet. `write` makes the function that workers run over a partition. */
export async function saveNew(
  rdd: Rdd<unknown>,
  path: string,
  write: (directory: string) => AnyFunction,
  label: string,
): Promise<void> {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`${label} got ${JSON.stringify(path)}; it takes the path of a directory to make.`)
  await mkdir(dirname(path), { recursive: true })
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new ArgumentError(`${label}: '${path}' exists already. Choose another directory or remove it first.`, {
      path,
    })
  }
  await saveParts(rdd, path, write(path), label)
}

/** An output operation that saves each batch as `prefix-<time in ms>[.suffix]`. */
export function saveEach(
  stream: Stream<unknown>,
  prefix: string,
  suffix: string | undefined,
  write: (directory: string) => AnyFunction,
  label: string,
): void {
  if (typeof prefix !== 'string' || prefix === '')
    throw new ArgumentError(`${label} got ${JSON.stringify(prefix)}; it takes a path to begin the names with.`)
  const pathAt = (time: number | '<time>') => (suffix ? `${prefix}-${time}.${suffix}` : `${prefix}-${time}`)
  const save = async (rdd: Rdd<unknown>, time: number) => {
    const path = pathAt(time)
    const old = `${path}.old`
    // What an earlier run of this batch wrote goes in one step, never mixed with the new.
    await rename(path, old).then(
      () => rm(old, { recursive: true, force: true }),
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      },
    )
    await saveParts(rdd, path, write(path), label)
  }
  stream.builder.addOutput(stream, label, save, pathAt('<time>'))
}
