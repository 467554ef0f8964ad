import { ArgumentError } from '../../errors.js'
import { toLine } from '../../values/json.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkNames } from '../option-names.js'
import { step } from './elementwise.js'
import { type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * The lines that a program writes when it is given the elements, one a line (texts as they are, others as JSON). One
     * process a partition, started without a shell. Narrow; holds input and output of a partition in memory. The worker
     * waits, without a sign of life: what takes longer than `taskTimeout` is ended. A program that cannot be started,
     * ends with another exit code than 0 or by a signal fails the task, with what it wrote to stderr.
     *
     * ```ts
     * await ctx.parallelize(['b', 'a'], 1).pipe('sort').collect() // ['a', 'b']
     * ```
     */
    pipe(command: string, args?: readonly string[], options?: PipeOptions): RDD<string>
  }
}

export interface PipeOptions {
  /** Variables that the program gets besides the inherited ones. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Which variables of this process the program inherits: names, or `true` for all. Default: PATH, HOME, USER, LANG, LC_ALL,
   * TZ and TMPDIR. Others may hold secrets.
   */
  readonly inheritEnv?: true | readonly string[]
  /** Directory to start the program in. */
  readonly cwd?: string
}

/** How much of stderr an error tells: its end, where the reason usually is. */
const MOST = 2000

const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SYSTEMROOT']

/** The variables of this process that a program inherits. */
function inherited(names: true | readonly string[] = INHERITED): NodeJS.ProcessEnv {
  if (names === true) return process.env
  return Object.fromEntries(names.filter((name) => name in process.env).map((name) => [name, process.env[name]]))
}

defineBuiltin('pipeThrough', (command: string, args: readonly string[], { env, cwd, inheritEnv }: PipeOptions) => {
  return (records: Iterable<unknown>) => {
    const lines = Array.from(records, toLine)
    // Loaded here, as next to nobody needs it.
    const { spawnSync } = process.getBuiltinModule('node:child_process')
    const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
      input: lines.length === 0 ? '' : `${lines.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: Number.POSITIVE_INFINITY,
      env: { ...inherited(inheritEnv), ...env },
      cwd,
    })
    // A program that does not read all its input, such as head, breaks the pipe; that is no fault of its.
    const fault = error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? error : undefined
    if (fault) throw new Error(`pipe: '${command}' cannot be run: ${fault.message}`, { cause: fault })
    if (status !== 0) {
      const how = signal ? `by signal ${signal}` : `with exit code ${status}`
      throw new Error(`pipe: '${command}' ended ${how}. It wrote to stderr: ${stderr.slice(-MOST).trim() || 'nothing'}`)
    }
    const out = stdout.split(/\r?\n/)
    if (out.at(-1) === '') out.pop()
    return out
  }
})

Rdd.prototype.pipe = function (command, args = [], options = {}) {
  if (
    typeof command !== 'string' ||
    command === '' ||
    !Array.isArray(args) ||
    args.some((arg) => typeof arg !== 'string')
  ) {
    throw new ArgumentError(
      `pipe(${JSON.stringify(command)}, ${JSON.stringify(args)}): give the name of a program and its arguments as an array of texts.`,
      { command, args },
    )
  }
  const { env, cwd, inheritEnv, ...unknown } = options
  checkNames(unknown, ['env', 'cwd', 'inheritEnv'], 'pipe')
  if (inheritEnv !== undefined && inheritEnv !== true && !Array.isArray(inheritEnv)) {
    throw new ArgumentError(`inheritEnv is ${JSON.stringify(inheritEnv)}; give true or an array of names.`, {
      inheritEnv,
    })
  }
  return step(this, 'mapPartitions', builtin('pipeThrough', command, args, options), 'pipe')
}
