import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../errors.js'
import { type CheckpointCommand, parseCheckpoint } from './checkpoint/arguments.js'
import { closest } from './closest.js'
import { CHECKPOINT_HELP, HELP, INIT_HELP, REPLAY_HELP, RUN_HELP, STRESS_HELP } from './help.js'
import { type InitCommand, parseInit } from './init/arguments.js'
import { count, millis, param, parsed, threads } from './option-values.js'
import { parseReplay, type ReplayCommand } from './replay/arguments.js'
import { parseStress, type StressCommand } from './stress/arguments.js'

export interface RunCommand {
  readonly kind: 'run'
  /** Path or file URL of the pipeline module, as the user wrote it. */
  readonly module: string
  readonly threads: number | undefined
  readonly batchInterval: number
  readonly duration: number | undefined
  readonly until: 'caught-up' | undefined
  readonly checkpointDir: string | undefined
  readonly standby: boolean
  /** Uids of operations whose data in the checkpoint is dropped. */
  readonly dropState: readonly string[]
  /** How long a batch stays available for replay, in ms. */
  readonly keep: number | undefined
  readonly writeAheadLog: boolean
  readonly params: Readonly<Record<string, string>>
  readonly json: boolean
  /** Port of the live page; `true` means the default port. */
  readonly ui: { readonly port?: number; readonly chaos: boolean } | undefined
}

export type Command =
  | RunCommand
  | StressCommand
  | CheckpointCommand
  | InitCommand
  | ReplayCommand
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }

const RUN_OPTIONS = {
  threads: { type: 'string' },
  'batch-interval': { type: 'string', default: '1s' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  duration: { type: 'string' },
  until: { type: 'string' },
  'checkpoint-dir': { type: 'string' },
  standby: { type: 'boolean', default: false },
  'drop-state': { type: 'string', multiple: true, default: [] as string[] },
  keep: { type: 'string' },
  'write-ahead-log': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  ui: { type: 'boolean', default: false },
  'ui-port': { type: 'string' },
  chaos: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

const COMMANDS = ['init <dir>', 'run <module>', 'checkpoint <action> <dir>', 'replay <dir> <module>', 'stress']

/** Parses the command line. @throws ArgumentError unless it names a command and has valid options. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv
  switch (name) {
    case 'run':
      return parseRun(rest)
    case 'stress':
      return parseStress(rest) ?? { kind: 'help', text: STRESS_HELP }
    case 'init':
      return parseInit(rest) ?? { kind: 'help', text: INIT_HELP }
    case 'checkpoint':
      return parseCheckpoint(rest) ?? { kind: 'help', text: CHECKPOINT_HELP }
    case 'replay':
      return parseReplay(rest) ?? { kind: 'help', text: REPLAY_HELP }
    case '--help':
    case '-h':
      return { kind: 'help', text: HELP }
    case '--version':
      return { kind: 'version' }
    case undefined:
      throw new ArgumentError(`A command is missing. Commands: ${COMMANDS.join(', ')}.`)
    default: {
      const meant = closest(
        name,
        COMMANDS.map((usage) => usage.split(' ')[0]!),
      )
      const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
      throw new ArgumentError(`Unknown command '${name}'.${hint} Commands: ${COMMANDS.join(', ')}.`, { command: name })
    }
  }
}

function parseRun(args: readonly string[]): Command {
  const { values, positionals } = parsed('run', args, RUN_OPTIONS)
  if (values.help) return { kind: 'help', text: RUN_HELP }
  const [module, ...others] = positionals
  if (module === undefined) throw new ArgumentError('run: a module is missing. Write: millrace run ./pipeline.js')
  if (others.length > 0) {
    throw new ArgumentError(
      `run takes one module and got ${positionals.length}: ${positionals.join(' ')}. Pass values to the pipeline with --param key=value.`,
    )
  }
  if (values.standby && values['checkpoint-dir'] === undefined) {
    throw new ArgumentError(
      '--standby waits for a checkpoint directory. Add --checkpoint-dir <folder>, or leave it out.',
    )
  }
  return {
    kind: 'run',
    module,
    threads: threads(values.threads),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    duration: values.duration === undefined ? undefined : millis(values.duration, '--duration'),
    until: values.until === undefined ? undefined : until(values.until),
    checkpointDir: values['checkpoint-dir'],
    standby: values.standby,
    dropState: values['drop-state'],
    keep: values.keep === undefined ? undefined : millis(values.keep, '--keep'),
    writeAheadLog: values['write-ahead-log'],
    params: Object.fromEntries(values.param.map(param)),
    json: values.json,
    ui: page(values.ui, values['ui-port'], values.chaos),
  }
}

/** `--ui-port` and `--chaos` imply `--ui`. */
function page(ui: boolean, port: string | undefined, chaos: boolean): RunCommand['ui'] {
  if (!ui && port === undefined && !chaos) return undefined
  return port === undefined ? { chaos } : { port: count(port, '--ui-port', 0, 65_535), chaos }
}

function until(given: string): 'caught-up' {
  if (given === 'caught-up') return given
  throw new ArgumentError(`--until is '${given}'; it must be caught-up, or left out to run until a signal.`, { given })
}
