import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Where a process finds its row. */
export interface RowRef {
  readonly row: string
  readonly kind: 'source' | 'sink'
  readonly index: number
}

/** What a process does with the row. */
export interface ProcessTask {
  readonly place?: object
  readonly checkpointDir?: string
  /** A package that cannot be loaded there; the process prints what comes of it. */
  readonly hidden?: string
}

export type ProcessMessage =
  | { readonly started: true }
  | { readonly time: number; readonly numbers: readonly number[] }
  | { readonly error: string }

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
/** How long a process may take for a step; its end is noticed at once. */
const PATIENCE_MS = 500_000

/** Makes a package look as if it were not installed: to the built modules of Millrace, also in threads. */
function hiding(name: string): string {
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier === ${JSON.stringify(name)} && context.parentURL?.includes('/dist/')) throw Object.assign(new Error("Cannot find package '${name}'"), { code: 'ERR_MODULE_NOT_FOUND' })
    return await next(specifier, context)
  }`
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
  return url(`import { register } from 'node:module'; register(${JSON.stringify(url(hook))})`)
}

/** A row's stream in a process of its own. */
export class RowProcess {
  readonly #child: ChildProcess
  readonly #listeners: ((time: number, numbers: readonly number[]) => void)[] = []
  readonly #exited: Promise<unknown>
  #changed = withResolvers()
  #stderr = ''
  isStarted = false
  error: string | undefined

  constructor(ref: RowRef, task: ProcessTask) {
    const hide = task.hidden === undefined ? [] : ['--import', hiding(task.hidden)]
    const args = ['--import', 'tsx', ...hide, CHILD, JSON.stringify({ ...ref, ...task })]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = once(this.#child, 'close').then(() => this.#notify())
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk}`.slice(-4000)
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#onMessage(JSON.parse(line)))
  }

  onBatch(listener: (time: number, numbers: readonly number[]) => void): void {
    this.#listeners.push(listener)
  }

  /** Waits until `condition` holds, which is asked after each message. Rejects if the process ends before. */
  async until(condition: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS)
    const aborted = once(late, 'abort')
    while (!condition()) {
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null
      if (ended || late.aborted) throw new Error(`The process ${ended ? 'ended' : 'is late'}: ${this.#stderr}`)
      await Promise.race([this.#changed.promise, aborted])
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #onMessage(message: ProcessMessage): void {
    if ('started' in message) this.isStarted = true
    else if ('error' in message) this.error = message.error
    else for (const listener of this.#listeners) listener(message.time, message.numbers)
    this.#notify()
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = withResolvers()
  }
}

function withResolvers() {
  let resolve!: () => void
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

export function startProcess(ref: RowRef, task: ProcessTask): RowProcess {
  return new RowProcess(ref, task)
}
