import { type REPLEval, type REPLServer, Recoverable } from 'node:repl'
import { IncompleteError, type Stripper } from './typescript.js'

export interface EvaluationOptions {
  /** Removes types; undefined: input is JavaScript. */
  readonly strip: Stripper | undefined
  /** Whether a result is waited for or computed before it is printed. */
  isPending(value: unknown): boolean
  /** Waits for a result, or computes it, and returns what to print. */
  settle(value: unknown): Promise<unknown>
  /** Calls `evaluate`, whose jobs end when `signal` aborts. */
  within(signal: AbortSignal, evaluate: () => void): void
}

/** The name of the function that waits for a result. */
const SETTLE = Symbol.for('millrace.shell.settle')
const WAIT = `await globalThis[Symbol.for('millrace.shell.settle')]()\n`

/** The evaluation of one input. */
export class Evaluation {
  #state: 'running' | 'incomplete' | 'succeeded' | 'failed' = 'succeeded'
  #abort: AbortController | undefined

  /** Whether an input runs. */
  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Whether the last input needs more lines. */
  get isIncomplete(): boolean {
    return this.#state === 'incomplete'
  }

  begin(): AbortSignal {
    this.#state = 'running'
    this.#abort = new AbortController()
    return this.#abort.signal
  }

  end(error: unknown): void {
    if (error instanceof Recoverable) this.#state = 'incomplete'
    else if (!error) this.#state = 'succeeded'
  }

  /** The next input may come. The REPL reports errors elsewhere than to the callback. Returns whether the last input failed. */
  ready(): boolean {
    if (this.#state === 'running') this.#state = 'failed'
    return this.#state === 'failed'
  }

  /** Ends the jobs of the input that runs. */
  interrupt(): void {
    this.#abort?.abort()
  }
}

/**
 * Makes a REPL accept TypeScript, and wait for promises before it prints them. The default evaluation does the work: it knows
 * top-level await, dynamic imports and incomplete input, and holds further input back while it waits.
 */
export function evaluateIn(server: REPLServer, evaluation: Evaluation, options: EvaluationOptions): void {
  const { strip, isPending, settle, within } = options
  const evaluate = server.eval
  let isInput = false
  server.prependListener('line', () => {
    isInput = true
  })
  const typed: REPLEval = function (this: REPLServer, input, context, file, callback) {
    // Completion evaluates the expression before the cursor: it must start no job.
    if (!isInput) {
      evaluate.call(this, input, context, file, callback)
      return
    }
    isInput = false
    const signal = evaluation.begin()
    const done: typeof callback = (error, value) => {
      evaluation.end(error)
      callback(error, value)
    }
    let text: string
    try {
      text = strip ? lines(strip(input)) : input
    } catch (error) {
      if (error instanceof IncompleteError) {
        done(new Recoverable(error), undefined)
        return
      }
      // The default evaluation reports what is wrong.
      text = input
    }
    const settled: typeof callback = (error, value) => {
      if (error || !isPending(value)) {
        done(error, value)
        return
      }
      Object.assign(globalThis, { [SETTLE]: () => settle(value) })
      evaluate.call(this, WAIT, context, file, done)
    }
    within(signal, () => evaluate.call(this, text, context, file, settled))
  }
  Object.assign(server, { eval: typed })
}

/** The REPL evaluates whole lines. */
function lines(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
