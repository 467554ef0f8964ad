import { ArgumentError } from '../errors.js'
import { type BenchCommand, parseBench } from './bench/arguments.js'
import { type CheckpointCommand, parseCheckpoint } from './checkpoint/arguments.js'
import { closest } from './closest.js'
import {
  BENCH_HELP,
  CHECKPOINT_HELP,
  HELP,
  INIT_HELP,
  REPLAY_HELP,
  RUN_HELP,
  SHELL_HELP,
  STRESS_HELP,
  SUBMIT_HELP,
} from './help.js'
import { type InitCommand, parseInit } from './init/arguments.js'
import { parseReplay, type ReplayCommand } from './replay/arguments.js'
import { parseRun, type RunCommand } from './run/arguments.js'
import { type AttachCommand, parseShell, type ShellCommand } from './shell/arguments.js'
import { parseStress, type StressCommand } from './stress/arguments.js'
import { parseSubmit } from './submit/arguments.js'

export type Command =
  | RunCommand
  | StressCommand
  | BenchCommand
  | CheckpointCommand
  | InitCommand
  | ReplayCommand
  | ShellCommand
  | AttachCommand
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }

const COMMANDS = [
  'init <dir>',
  'run <module>',
  'submit <module>',
  'shell [module]',
  'checkpoint <action> <dir>',
  'replay <dir> <module>',
  'bench <module>',
  'stress',
]

/** Parses the command line. @throws ArgumentError unless it names a command and has valid options. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv
  switch (name) {
    case 'run':
      return parseRun(rest) ?? { kind: 'help', text: RUN_HELP }
    case 'submit':
      return parseSubmit(rest) ?? { kind: 'help', text: SUBMIT_HELP }
    case 'shell':
      return parseShell(rest) ?? { kind: 'help', text: SHELL_HELP }
    case 'stress':
      return parseStress(rest) ?? { kind: 'help', text: STRESS_HELP }
    case 'bench':
      return parseBench(rest) ?? { kind: 'help', text: BENCH_HELP }
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
