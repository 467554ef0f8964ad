import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FaultPoint } from '#build/pool/fault-points.js'
import type { SINKS } from './sinks.js'
import type { SOURCES } from './sources.js'

export interface ProcessOptions {
  /** The directory of the checkpoints. */
  readonly directory: string
  readonly source: keyof typeof SOURCES
  readonly sink: keyof typeof SINKS
  readonly sourcePlace: unknown
  readonly sinkPlace: unknown
  /** Where the process kills itself. */
  readonly fault?: { readonly point: FaultPoint; readonly nth: number }
}

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))

/** The process under test. */
export class TestedProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  readonly #started: Promise<unknown>
  #errors = ''

  constructor(options: ProcessOptions) {
    const args = ['--import', 'tsx', PROGRAM, JSON.stringify(options)]
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#exit = once(this.#child, 'close')
    this.#started = once(this.#child.stdout!, 'data')
    this.#child.stderr!.on('data', (data: Buffer) => {
      this.#errors = (this.#errors + data).slice(-10_000)
    })
  }

  /** Resolves with true when the streams have started, with false if the process ended before. */
  async started(): Promise<boolean> {
    return await Promise.race([this.#started.then(() => true), this.#exit.then(() => false)])
  }

  /** Whether the process ends within this time in ms. */
  async isGoneAfter(ms: number): Promise<boolean> {
    const inTime = new AbortController()
    const late = wait(ms, false, { signal: inTime.signal }).catch(() => false)
    const isGone = await Promise.race([this.#exit.then(() => true), late])
    inTime.abort()
    return isGone
  }

  /** Kills the process, if it has not killed itself, and resolves when it is gone. Rejects if it failed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const [code, signal] = await this.#exit
    if (signal !== 'SIGKILL') throw this.#failed(code)
  }

  /** Ends the process with a graceful stop. Rejects if it fails. */
  async stop(): Promise<void> {
    this.#child.stdin!.end()
    const [code] = await this.#exit
    if (code !== 0) throw this.#failed(code)
  }

  #failed(code: unknown): Error {
    return new Error(`the process ended with ${code}: ${this.#errors}`)
  }
}
