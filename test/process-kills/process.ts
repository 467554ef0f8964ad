import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { FaultPoint } from '#build/pool/fault-points.js'
import type { SourcePlaces } from './reads.js'
import type { SinkPlaces } from './writes.js'

export interface ProcessOptions {
  /** The directory of the checkpoints. */
  readonly directory: string
  readonly source: keyof SourcePlaces
  readonly sink: keyof SinkPlaces
  readonly sourcePlace: unknown
  readonly sinkPlace: unknown
  /** Where the process kills itself. */
  readonly fault?: { readonly point: FaultPoint; readonly nth: number }
  /** The output in whose writing the process kills itself, when half of a file is written. */
  readonly halfWritten?: string
}

/** What a process tells: that it waits for the death of the owner, and that its streams have started. */
type Stage = 'waits' | 'started'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))
const HALF_WRITES = new URL('./half-writes.mjs', import.meta.url).href
const BUILD = fileURLToPath(new URL('../../build/process-kills/', import.meta.url))

/** Compiles the program once, because processes that compile it themselves start slowly. Returns its path. */
export async function buildProgram(): Promise<string> {
  const outfile = join(BUILD, `program-${randomUUID()}.mjs`)
  const external = ['millrace', 'millrace/*']
  await build({ entryPoints: [PROGRAM], bundle: true, platform: 'node', format: 'esm', outfile, external })
  return outfile
}

/** The process under test. */
export class TestedProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  readonly #told = new Map<Stage, () => void>()
  readonly #stages: Readonly<Record<Stage, Promise<void>>>
  #errors = ''

  /** Runs a program with `options` as its argument. `onLine` gets the lines of its standard output. */
  constructor(program: string, options: object, onLine?: (line: string) => void) {
    const { halfWritten } = options as Partial<ProcessOptions>
    const preloaded = halfWritten === undefined ? [] : ['--import', HALF_WRITES]
    this.#child = spawn(process.execPath, [...preloaded, program, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, HALF_WRITTEN: halfWritten },
    })
    this.#exit = once(this.#child, 'close')
    const stage = (name: Stage) => new Promise<void>((resolve) => this.#told.set(name, resolve))
    this.#stages = { waits: stage('waits'), started: stage('started') }
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#told.get(line as Stage)?.()
      onLine?.(line)
    })
    this.#child.stderr!.on('data', (data: Buffer) => {
      this.#errors = (this.#errors + data).slice(-10_000)
    })
  }

  /** Resolves with true when the process has reached the stage, with false if it ended before. */
  async reaches(stage: Stage): Promise<boolean> {
    return await Promise.race([this.#stages[stage].then(() => true), this.#exit.then(() => false)])
  }

  /** Whether the process ends within this time in ms. */
  async isGoneAfter(ms: number): Promise<boolean> {
    const inTime = new AbortController()
    const late = wait(ms, false, { signal: inTime.signal }).catch(() => false)
    const isGone = await Promise.race([this.#exit.then(() => true), late])
    inTime.abort()
    return isGone
  }

  /** Kills the process, if it has not killed itself, and resolves when it is gone. Rejects if it ended otherwise. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (!(await this.isKilled())) throw this.#failed(0)
  }

  /** Ends the process with a graceful stop. Rejects if it fails or is killed. */
  async stop(): Promise<void> {
    this.#child.stdin!.end()
    if (await this.isKilled()) throw this.#failed('SIGKILL')
  }

  /** Resolves when the process is gone, with whether it was killed. Rejects if it failed. */
  async isKilled(): Promise<boolean> {
    const [code, signal] = await this.#exit
    if (code !== 0 && signal !== 'SIGKILL') throw this.#failed(code ?? signal)
    return signal === 'SIGKILL'
  }

  #failed(code: unknown): Error {
    return new Error(`the process ended with ${code}: ${this.#errors}`)
  }
}
