import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The built command as a child process, in the folder of the fixtures. */
export class Command {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  #over = false
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { cwd: FIXTURES, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text
        this.#look()
      })
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) => {
        this.#over = true
        this.#look()
        resolve({ code, signal })
      })
    })
  }

  /** Resolves when a stream of the command contains `text`; rejects if the command ends without it. */
  async writes(name: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this[name].includes(text)) {
      if (this.#over) throw new Error(`The command ended without ${JSON.stringify(text)} on ${name}. ${this.stderr}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** The objects that --json wrote. */
  objects(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** The records of a named output, of all batches together. */
  records(output: string): unknown[] {
    return this.objects()
      .filter((object) => object.output === output)
      .flatMap(({ records }) => records as unknown[])
  }

  #look(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

const started: Command[] = []

afterEach(async () => {
  for (const command of started.splice(0)) {
    command.kill('SIGKILL')
    await command.ended
  }
})

/** Starts `millrace ...args`; it is gone at the end of the test. */
export function millrace(...args: string[]): Command {
  const command = new Command(args)
  started.push(command)
  return command
}
