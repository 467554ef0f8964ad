import { existsSync, readlinkSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ThreadId } from '../../ids.js'
import { decodeError } from '../../pool/error-wire.js'
import type { StateFault, WorkerBoot } from '../../pool/protocol.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'

export interface StateSpillsOptions {
  /** Bytes of state in the memory of all threads; undefined: no limit, and no files. */
  readonly stateMemory: number | undefined
  readonly threads: number
  readonly spillDirectory: string | undefined
  readonly events: Events
  readonly logger: Logger
}

/** Folders of open contexts. The process removes them when it exits. */
const folders = new Set<string>()

function removeFolders(): void {
  for (const folder of folders) if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
}

/** The folder in which threads write state that exceeds `stateMemory`, and the faults that they report. */
export class StateSpills {
  readonly #options: StateSpillsOptions
  readonly #folder: string
  readonly #removals = new Set<Promise<void>>()
  readonly #warned = new Set<StateFault['operation']>()

  constructor(options: StateSpillsOptions) {
    this.#options = options
    const directory = options.spillDirectory ?? tmpdir()
    this.#folder = join(directory, `${prefix()}${process.pid}-${Math.random().toString(36).slice(2, 10)}`)
    if (options.stateMemory === undefined) return
    if (folders.size === 0) process.once('exit', removeFolders)
    folders.add(this.#folder)
    this.#remove(removeAbandoned(directory))
  }

  /** The share and the folder, for the threads. */
  get boot(): WorkerBoot['stateSpill'] {
    const { stateMemory, threads } = this.#options
    if (stateMemory === undefined) return undefined
    return { share: Math.floor(stateMemory / threads), folder: this.#folder }
  }

  /** Reports faults of a thread's files. They cost a rebuild at most. */
  failed(thread: ThreadId, faults: readonly StateFault[]): void {
    const { events, logger } = this.#options
    for (const { operation, bytes, error: encoded } of faults) {
      const error = decodeError(encoded)
      events.emit('stateSpillFailed', { operation, thread, bytes, error })
      if (this.#warned.has(operation)) continue
      this.#warned.add(operation)
      logger.warn(
        operation === 'write'
          ? `state could not be written to ${this.#folder}: it stays in memory, above stateMemory. Check the disk and spillDirectory. Logged once; the event stateSpillFailed reports each failure`
          : `state could not be read from ${this.#folder}: it is rebuilt from snapshots. Check the disk. Logged once; the event stateSpillFailed reports each failure`,
        error,
      )
    }
  }

  /** The thread has exited: its files are of no use to others. */
  threadGone(thread: ThreadId): void {
    if (folders.has(this.#folder)) this.#remove(rm(join(this.#folder, `${thread}`), { recursive: true, force: true }))
  }

  /** Removes all files. The threads have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#removals)
    if (!folders.delete(this.#folder)) return
    if (folders.size === 0) process.off('exit', removeFolders)
    if (existsSync(this.#folder)) await rm(this.#folder, { recursive: true, force: true })
  }

  /** If a removal fails, `close` or the next process removes the files. */
  #remove(running: Promise<void>): void {
    const removal = running.catch(() => undefined)
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }
}

/** Removes the folders of processes of this machine that were killed. Those of another user may stay. */
async function removeAbandoned(directory: string): Promise<void> {
  const mine = prefix()
  const abandoned = (await readdir(directory)).filter((name) => {
    const pid = name.startsWith(mine) ? Number(name.slice(mine.length).split('-')[0]) : 0
    return pid > 0 && !isAlive(pid)
  })
  await Promise.allSettled(abandoned.map((name) => rm(join(directory, name), { recursive: true, force: true })))
}

/** Names this machine, or this container: process ids of others mean nothing here. */
function prefix(): string {
  let processes = ''
  try {
    processes = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    // Only Linux has them. Elsewhere the name of the host is enough.
  }
  return `millrace-state-${hostname().replace(/[^\w.]/g, '_')}-${processes}-`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
