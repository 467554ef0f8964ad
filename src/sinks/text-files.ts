import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { ArgumentError } from '../errors.js'
import { Stream } from '../ops/dstream/dstream.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import { applyTo } from '../ops/rdd/actions.js'
import { Rdd } from '../ops/rdd/rdd.js'

declare module '../ops/rdd/rdd.js' {
  interface Rdd<T> {
    /**
     * Writes one file `part-00000` a partition into a new directory, and `_SUCCESS` at the end. Workers write; a part
     * appears by rename, so an attempt that dies leaves nothing. Texts as they are, other values as JSON. Rejects with
     * ArgumentError if the directory is there already.
     */
    saveAsTextFile(path: string): Promise<void>
  }
}
declare module '../ops/dstream/dstream.js' {
  interface Stream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, as saveAsTextFile. An output operation.
     * A batch that is done again replaces what it wrote before.
     */
    saveAsTextFiles(prefix: string, suffix?: string): void
  }
}

/** Numbers the temporary files of one thread, so that two attempts never write into the same file. */
let written = 0

defineBuiltin('saveText', (directory: string) => (records: Iterable<unknown>, partition: number) => {
  const part = join(directory, `part-${String(partition).padStart(5, '0')}`)
  const temporary = `${part}.${process.pid}-${threadId}-${written++}.tmp`
  const lines: string[] = []
  for (const record of records) lines.push(typeof record === 'string' ? record : JSON.stringify(record))
  mkdirSync(directory, { recursive: true })
  try {
    writeFileSync(temporary, lines.length > 0 ? `${lines.join('\n')}\n` : '')
    renameSync(temporary, part)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
})

async function save(rdd: Rdd<unknown>, path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await applyTo(rdd, builtin('saveText', path), 'saveAsTextFile')
  // Left by threads that died while they wrote.
  for (const name of await readdir(path)) if (name.endsWith('.tmp')) await rm(join(path, name), { force: true })
  await writeFile(join(path, '_SUCCESS'), '')
}

Rdd.prototype.saveAsTextFile = async function (path) {
  if (typeof path !== 'string' || path === '') throw new ArgumentError(`saveAsTextFile got ${JSON.stringify(path)}; it takes the path of a directory to make.`)
  await mkdir(dirname(path), { recursive: true })
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new ArgumentError(`saveAsTextFile: '${path}' exists already. Choose another directory or remove it first.`, { path })
  }
  await save(this, path)
}

Stream.prototype.saveAsTextFiles = function (prefix, suffix) {
  if (typeof prefix !== 'string' || prefix === '') throw new ArgumentError(`saveAsTextFiles got ${JSON.stringify(prefix)}; it takes a path to begin the names with.`)
  this.builder.addOutput(this, 'saveAsTextFiles', async (rdd, time) => {
    const path = suffix ? `${prefix}-${time}.${suffix}` : `${prefix}-${time}`
    const old = `${path}.old`
    // What an earlier run of this batch wrote goes in one step, never mixed with the new.
    await rename(path, old).then(
      () => rm(old, { recursive: true, force: true }),
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      },
    )
    await save(rdd, path)
  })
}
