import { type ChildProcess, fork } from 'node:child_process'
import { constants } from 'node:os'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGE_ROOT } from '../../package-root.js'
import { SIGNAL_EXIT_CODES, type StopSignal } from '../stop-signals.js'
import { WatchedFiles } from './watched-files.js'

/** Ms that a run may take to process what it has received, before it is ended for a restart. */
const PATIENCE_MS = 10_000

/**
 * Runs the command in a child process, and restarts it when a file that it imports has changed. Resolves with the exit code of the
 * last run, after a signal.
 */
export class Supervisor {
  readonly #args: readonly string[]
  readonly #files = new WatchedFiles((path) => this.#onChange(path))
  #child: ChildProcess | undefined
  #code = 0
  #restarts = false
  #isEnding = false
  #ends: ((code: number) => void) | undefined

  /** @param args the arguments of the command, without `--watch`. */
  constructor(args: readonly string[]) {
    this.#args = args
  }

  /** `entry`: the module that runs, which is watched even if it cannot be loaded. */
  async run(entry: URL): Promise<number> {
    const signals = Object.keys(SIGNAL_EXIT_CODES) as StopSignal[]
    const onSignal = (signal: NodeJS.Signals) => this.#onSignal(signal)
    for (const signal of signals) process.on(signal, onSignal)
    this.#files.add(fileURLToPath(entry), Number.POSITIVE_INFINITY)
    try {
      return await new Promise<number>((resolve) => {
        this.#ends = resolve
        this.#start()
      })
    } finally {
      this.#files.close()
      for (const signal of signals) process.off(signal, onSignal)
    }
  }

  #start(): void {
    const startedAt = Date.now()
    this.#restarts = false
    const child = fork(new URL('cli/watch/child.js', PACKAGE_ROOT), this.#args, { stdio: 'inherit' })
    this.#child = child
    child.on('message', (message) => {
      const { imported } = message as { readonly imported: string }
      if (!imported.startsWith(PACKAGE_ROOT.href)) this.#files.add(fileURLToPath(imported), startedAt)
    })
    child.on('error', (error) => say(`the run cannot be started: ${error.message}`))
    child.on('exit', (code, signal) => this.#onExit(code ?? 128 + constants.signals[signal!]))
  }

  #onExit(code: number): void {
    this.#child = undefined
    this.#code = code
    if (this.#isEnding) this.#ends?.(code)
    else if (this.#restarts) this.#start()
    else say(`the run ended with code ${code}; it starts again when a file changes`)
  }

  #onSignal(signal: NodeJS.Signals): void {
    this.#isEnding = true
    if (this.#child) this.#child.kill(signal)
    else this.#ends?.(this.#code)
  }

  #onChange(path: string): void {
    if (this.#isEnding || this.#restarts) return
    say(`${relative('.', path)} has changed: restarting`)
    const child = this.#child
    if (!child) {
      this.#start()
      return
    }
    this.#restarts = true
    child.kill('SIGTERM')
    const timer = setTimeout(() => {
      say(`the run has not ended within ${PATIENCE_MS / 1000} s: it is killed`)
      child.kill('SIGKILL')
    }, PATIENCE_MS)
    child.once('exit', () => clearTimeout(timer))
  }
}

function say(text: string): void {
  process.stderr.write(`millrace: ${text}\n`)
}
