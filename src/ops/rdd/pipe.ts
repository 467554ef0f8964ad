import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { toLine } from '../../values/json.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkNames } from '../option-names.js'
import { step } from './elementwise.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the elements to a program, one per line, and returns the lines that it prints. Narrow; runs one process
     * per partition, without a shell, and holds its input and output in memory. Texts are written unchanged, other
     * values as JSON.
     *
     * `command` is a program, or a program with its arguments. The worker sends no heartbeat while it waits, so a
     * process that takes longer than `taskTimeout` is terminated. If a program cannot start, ends by a signal, or exits
     * with a code other than 0, the task fails with the end of what it wrote to stderr.
     *
     * ```ts
     * await ctx.parallelize(['b', 'a'], 1).pipe(['sort', '-r']).collect() // ['b', 'a']
     * ```
     *
     * @throws ArgumentError unless `command` is a name, or an array of texts that begins with one.
     */
    pipe(command: string | readonly string[], options?: PipeOptions): RDD<string>
  }
}

export interface PipeOptions {
  /** `env` (none): environment variables of the program, in addition to the inherited ones. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * `inheritEnv`: names of the variables that the program inherits from this process, or `true` for all. Default: PATH,
   * HOME, USER, LANG, LC_ALL, TZ, TMPDIR and SYSTEMROOT, because others may hold secrets.
   */
  readonly inheritEnv?: true | readonly string[]
  /** `cwd` (that of this process): the program's working directory. */
  readonly cwd?: string
}

/** The number of characters of stderr in an error. Its end is shown, where the reason usually is. */
const MOST_STDERR = 2000

const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SYSTEMROOT']

/** Returns the variables of this process that a program inherits. */
function inherited(names: true | readonly string[] = INHERITED): NodeJS.ProcessEnv {
  if (names === true) return process.env
  return Object.fromEntries(names.filter((name) => name in process.env).map((name) => [name, process.env[name]]))
}

defineBuiltin(
  'pipeThrough',
  (command: string, args: readonly string[], { env, cwd, inheritEnv }: PipeOptions) => {
    return (records: Iterable<unknown>) => {
      const lines = Array.from(records, toLine)
      // Loaded on first use, because few pipelines need it.
      const { spawnSync } = process.getBuiltinModule('node:child_process')
      const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
        input: lines.length === 0 ? '' : `${lines.join('\n')}\n`,
        encoding: 'utf8',
        maxBuffer: Number.POSITIVE_INFINITY,
        env: { ...inherited(inheritEnv), ...env },
        cwd,
      })
      // A program that does not read all its input, such as head, breaks the pipe. That is not an error.
      const fault = error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? error : undefined
      if (fault) throw new Error(`pipe: '${command}' cannot be run: ${fault.message}`, { cause: fault })
      if (status !== 0) {
        const how = signal ? `by signal ${signal}` : `with exit code ${status}`
        throw new Error(
          `pipe: '${command}' ended ${how}. It wrote to stderr: ${stderr.slice(-MOST_STDERR).trim() || 'nothing'}`,
        )
      }
      const out = stdout.split(/\r?\n/)
      if (out.at(-1) === '') out.pop()
      return out
    }
  },
  'value',
  'outside',
)

rdds.pipe = function (command, options = {}) {
  const words: readonly unknown[] = Array.isArray(command) ? command : [command]
  const [program, ...args] = words as readonly string[]
  if (words.some((word) => typeof word !== 'string') || program === undefined || program === '') {
    throw new ArgumentError(
      `pipe(${describe(command)}): it takes the name of a program, or an array of its name and its arguments.`,
      { command },
    )
  }
  checkNames(options, ['env', 'cwd', 'inheritEnv'], 'pipe')
  const { inheritEnv } = options
  if (inheritEnv !== undefined && inheritEnv !== true && !Array.isArray(inheritEnv)) {
    throw new ArgumentError(`inheritEnv is ${describe(inheritEnv)}; it must be true or an array of names.`, {
      inheritEnv,
    })
  }
  return facade(step(nodeOf(this), 'mapPartitions', builtin('pipeThrough', program, args, options), 'pipe'))
}
