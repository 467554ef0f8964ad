import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface CommandOptions {
  /** What the command reads from stdin. By default it has none. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Runs the command on a terminal of its own: stdout is what the terminal shows, and `type` presses keys. */
  readonly terminal?: boolean
}

/** What Node reads to learn about colours, and how many: the tests' own surroundings (`CI`, for one) must not decide. */
const COLOUR_VARIABLES = [
  'FORCE_COLOR',
  'NO_COLOR',
  'NODE_DISABLE_COLORS',
  'COLORTERM',
  'TERM_PROGRAM',
  'TMUX',
  'CI',
  'TF_BUILD',
]
const TERMINAL = { ...Object.fromEntries(COLOUR_VARIABLES.map((name) => [name, undefined])), TERM: 'xterm' }

/** Runs a program on a new terminal; its stdin are keys, its stdout is what the terminal shows. */
const ON_TERMINAL = ['-c', 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))']

/** The built command as a child process, in the folder of the fixtures. */
export class Command {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  #over = false
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[], { input, env, terminal }: CommandOptions = {}) {
    const node = [process.execPath, MAIN, ...args]
    const [program, ...rest] = terminal ? ['python3', ...ON_TERMINAL, ...node] : node
    const stdin = terminal || input !== undefined ? 'pipe' : 'ignore'
    this.child = spawn(program!, rest, {
      cwd: FIXTURES,
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...process.env, ...(terminal && TERMINAL), ...env },
    })
    if (input !== undefined) this.child.stdin!.end(input)
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

  /** Presses keys on the terminal of the command. */
  type(keys: string): void {
    this.child.stdin!.write(keys)
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
  return millraceWith({}, ...args)
}

/** The same, with a stdin, variables or a terminal. */
export function millraceWith(options: CommandOptions, ...args: string[]): Command {
  const command = new Command(args, options)
  started.push(command)
  return command
}
