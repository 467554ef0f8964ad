import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../errors.js'
import { HELP, RUN_HELP, STRESS_HELP } from './help.js'
import { count, millis, parsed } from './option-values.js'
import { parseStress, type StressCommand } from './stress/arguments.js'

export interface RunCommand {
  readonly kind: 'run'
  /** Path or file URL, as it was given. */
  readonly module: string
  readonly threads: number | undefined
  readonly batchInterval: number
  readonly duration: number | undefined
  readonly checkpointDir: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly json: boolean
}

export type Command =
  | RunCommand
  | StressCommand
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }

const RUN_OPTIONS = {
  threads: { type: 'string' },
  'batch-interval': { type: 'string', default: '1s' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  duration: { type: 'string' },
  'checkpoint-dir': { type: 'string' },
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
    case 'stress':
      return parseStress(rest) ?? { kind: 'help', text: STRESS_HELP }
    case '--help':
    case '-h':
      return { kind: 'help', text: HELP }
    case '--version':
      return { kind: 'version' }
    case undefined:
      throw new ArgumentError('No command is given. Commands: run <module>, stress.')
    default:
      throw new ArgumentError(`Unknown command '${name}'. Commands: run <module>, stress.`, { command: name })
  }
}

function parseRun(args: readonly string[]): Command {
  const { values, positionals } = parsed('run', args, RUN_OPTIONS)
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
    threads: values.threads === undefined ? undefined : count(values.threads, '--threads', 1, MAX_THREADS),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    duration: values.duration === undefined ? undefined : millis(values.duration, '--duration'),
    checkpointDir: values['checkpoint-dir'],
    params: Object.fromEntries(values.param.map(param)),
    json: values.json,
  }
}

function param(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ArgumentError(`--param is '${text}'; it must be key=value, such as --param port=9999.`, { given: text })
  return [text.slice(0, at), text.slice(at + 1)]
}
