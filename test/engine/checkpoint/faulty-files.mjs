import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { FileSystemError } from 'millrace'
import { LocalFileSystem } from '#build/files/local.js'

/**
 * Local files under `faulty://host/path`, with faults that a file of JSON controls, in every thread:
 * `{ operation: 'create', code: 'ENOSPC', of: 'regular expression of paths' }`. The code `WAIT` lets the call wait until the
 * file is gone. Operations: stat, list, read, create, write, close, delete, mkdirs, rename, touch, copy.
 */
export const faultyFiles = {
  open: ({ control }) => new FaultyFiles(control),
}

const local = (path) => path.replace(/^faulty:\/\/[^/]*/, '')

class FaultyFiles {
  name = 'faulty'
  #files = new LocalFileSystem()
  #control

  constructor(control) {
    this.#control = control
  }

  stat(path) {
    return this.#call('stat', path, () => this.#files.stat(local(path)))
  }

  list(path) {
    return this.#call('list', path, () => this.#files.list(local(path)))
  }

  async *read(path, range) {
    await this.#call('read', path, async () => undefined)
    yield* this.#files.read(local(path), range)
  }

  async create(path, options) {
    const output = await this.#call('create', path, () => this.#files.create(local(path), options))
    return {
      // Half of the bytes are there when the disk is full.
      write: (bytes) =>
        this.#call(
          'write',
          path,
          () => output.write(bytes),
          () => output.write(bytes.subarray(0, bytes.length / 2)),
        ),
      close: () => this.#call('close', path, () => output.close()),
      abort: () => output.abort(),
    }
  }

  delete(path) {
    return this.#call('delete', path, () => this.#files.delete(local(path)))
  }

  mkdirs(path) {
    return this.#call('mkdirs', path, () => this.#files.mkdirs(local(path)))
  }

  rename(from, to, options) {
    return this.#call('rename', from, () => this.#files.rename(local(from), local(to), options))
  }

  touch(path) {
    return this.#call('touch', path, () => this.#files.touch(local(path)))
  }

  copy(from, to) {
    return this.#call('copy', from, () => this.#files.copy(local(from), local(to)))
  }

  async #call(operation, path, run, before = async () => {}) {
    const fault = this.#fault(operation, path)
    if (!fault) return await run()
    appendFileSync(`${this.#control}.log`, `${operation} ${path}\n`)
    if (fault.code === 'WAIT') {
      while (existsSync(this.#control)) await setTimeout(5)
      return await run()
    }
    await before()
    const cause = Object.assign(new Error(`${fault.code}: ${operation} '${path}'`), { code: fault.code })
    throw new FileSystemError(fault.code === 'EACCES' ? 'refused' : 'failed', cause.message, {
      cause,
      details: { path },
    })
  }

  #fault(operation, path) {
    if (!existsSync(this.#control)) return undefined
    const fault = JSON.parse(readFileSync(this.#control, 'utf8') || '{}')
    const isMine = [fault.operation].flat().includes(operation) && new RegExp(fault.of ?? '').test(path)
    return isMine ? fault : undefined
  }
}
