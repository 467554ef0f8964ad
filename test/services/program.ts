import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that talks to the code under test. Its output is kept by lines. */
export class Program {
  readonly lines: string[] = []
  /** Resolves with the exit code; null after a signal. */
  readonly ended: Promise<number | null>
  readonly #process: ChildProcess
  #errors = ''
  readonly #watchers = new Set<() => void>()

  constructor(command: string, args: readonly string[]) {
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface(this.#process.stdout!).on('line', (line) => {
      this.lines.push(line)
      for (const watch of [...this.#watchers]) watch()
    })
    this.#process.stderr!.on('data', (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-10_000)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', resolve)
    })
  }

  /** A JVM with a small heap, and the jars and classes of a service's folder. */
  static java(folder: string, main: string, args: readonly (string | number)[]): Program {
    const flags = [
      '-Xmx128m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      `${folder}/classes:${folder}/jars/*`,
    ]
    return new Program('java', [...flags, main, ...args.map(String)])
  }

  /** Resolves with the first line, old or new, that matches. Rejects if the program ends before. */
  async line(pattern: RegExp): Promise<string> {
    const find = () => this.lines.find((line) => pattern.test(line))
    return await new Promise((resolve, reject) => {
      const watch = () => {
        const found = find()
        if (found === undefined) return
        this.#watchers.delete(watch)
        resolve(found)
      }
      this.#watchers.add(watch)
      watch()
      void this.ended.then(() => reject(new Error(`The program ended. ${this.lines.join('\n')}\n${this.#errors}`)))
    })
  }

  /** What it printed on its error output, at most its last 10,000 characters. */
  get errors(): string {
    return this.#errors
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }
}
