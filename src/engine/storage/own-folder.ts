import { existsSync, readlinkSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning } from '../../files/process-scope.js'

/** `blocks`: of persisted partitions. `state`: of partitions of state. */
const KINDS = ['blocks', 'state'] as const

/** Paths of open folders. */
const paths = new Set<string>()

function removeAll(): void {
  for (const path of paths) if (existsSync(path)) rmSync(path, { recursive: true, force: true })
}

/**
 * A folder of files that no other process can use. It is removed by `close`, when the process exits, or, if the process was
 * killed, by the next process that opens a folder in the same directory.
 */
export class OwnFolder {
  readonly path: string
  readonly #directory: string
  #sweep: Promise<void> = Promise.resolve()

  /** `directory`: undefined is the system's directory for temporary files. */
  constructor(kind: (typeof KINDS)[number], directory: string = tmpdir()) {
    this.#directory = directory
    this.path = join(directory, `${prefix(kind)}${process.pid}-${Math.random().toString(36).slice(2, 10)}`)
  }

  get isOpen(): boolean {
    return paths.has(this.path)
  }

  /** Ensures that the folder will be removed, and begins to remove abandoned ones. */
  open(): void {
    if (paths.size === 0) process.once('exit', removeAll)
    paths.add(this.path)
    // The next process tries again to remove a folder that this one cannot.
    this.#sweep = removeAbandoned(this.#directory).catch(() => undefined)
  }

  /** Removes the folder, if it is open. */
  async close(): Promise<void> {
    await this.#sweep
    if (!paths.delete(this.path)) return
    if (paths.size === 0) process.off('exit', removeAll)
    if (existsSync(this.path)) await rm(this.path, { recursive: true, force: true })
  }
}

/** Removes the folders of processes of this machine that were killed. Those of another user may stay. */
async function removeAbandoned(directory: string): Promise<void> {
  const prefixes = KINDS.map(prefix)
  const abandoned = (await readdir(directory)).filter((name) => {
    const mine = prefixes.find((each) => name.startsWith(each))
    const pid = mine === undefined ? 0 : Number(name.slice(mine.length).split('-')[0])
    return pid > 0 && !isRunning(pid)
  })
  await Promise.allSettled(abandoned.map((name) => rm(join(directory, name), { recursive: true, force: true })))
}

/** Names this machine, or this container: process ids of others mean nothing here. */
function prefix(kind: (typeof KINDS)[number]): string {
  let processes = ''
  try {
    processes = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    // Only Linux has them. Elsewhere the name of the host is enough.
  }
  return `millrace-${kind}-${hostname().replace(/[^\w.]/g, '_')}-${processes}-`
}
