import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ArgumentError } from '../errors.js'
import { toMillis } from '../ops/time.js'
import { HELP, RUN_HELP } from './help.js'

export interface RunCommand {
  readonly kind: 'run'
  /** Path or file URL, as it was given. */
  readonly module: string
  readonly threads: number | undefined
  readonly batchInterval: number
  readonly duration: number | undefined
  readonly params: Readonly<Record<string, string>>
  readonly json: boolean
}

export type Command = RunCommand | { readonly kind: 'help'; readonly text: string } | { readonly kind: 'version' }

const RUN_OPTIONS = {
  threads: { type: 'string' },
  'batch-interval': { type: 'string', default: '1s' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  duration: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

const MAX_THREADS = 256

/** The command that the arguments ask for. Throws ArgumentError where they ask for none that exists. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv
  switch (name) {
    case 'run':
      return parseRun(rest)
    case '--help':
    case '-h':
      return { kind: 'help', text: HELP }
    case '--version':
      return { kind: 'version' }
    case undefined:
      throw new ArgumentError('No command is given. Commands: run <module>.')
    default:
      throw new ArgumentError(`Unknown command '${name}'. Commands: run <module>.`, { command: name })
  }
}

function parseRun(args: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  if (values.help) return { kind: 'help', text: RUN_HELP }
  const [module, ...others] = positionals
  if (module === undefined) throw new ArgumentError('run: no module is given. Write: millrace run ./pipeline.js')
  if (others.length > 0) {
    throw new ArgumentError(
      `run takes one module and got ${positionals.length}: ${positionals.join(' ')}. Give values to the pipeline with --param key=value.`,
    )
  }
  return {
    kind: 'run',
    module,
    threads: values.threads === undefined ? undefined : threads(values.threads),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    duration: values.duration === undefined ? undefined : millis(values.duration, '--duration'),
    params: Object.fromEntries(values.param.map(param)),
    json: values.json,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: RUN_OPTIONS, allowPositionals: true })
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS_')) throw error
    const options = Object.keys(RUN_OPTIONS).map((name) => `--${name}`)
    const message = (error as Error).message
    throw new ArgumentError(`run: ${message}${message.endsWith('.') ? '' : '.'} Options: ${options.join(', ')}.`)
  }
}

function threads(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1 && count <= MAX_THREADS) return count
  throw new ArgumentError(`--threads is '${text}'; it must be a whole number from 1 to ${MAX_THREADS}.`, {
    given: text,
  })
}

/** Digits alone are milliseconds, as in the library. */
function millis(text: string, option: string): number {
  return toMillis(/^\d+$/.test(text) ? Number(text) : text, option)
}

function param(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ArgumentError(`--param is '${text}'; it must be key=value, such as --param port=9999.`, { given: text })
  return [text.slice(0, at), text.slice(at + 1)]
}
