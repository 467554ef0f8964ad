import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { count, parsed } from '../option-values.js'

const ACTIONS = ['ls', 'show', 'verify', 'diff'] as const

export interface CheckpointCommand {
  readonly kind: 'checkpoint'
  readonly action: (typeof ACTIONS)[number]
  /** A path, or a URL of a file system that the package supports. */
  readonly directory: string
  /** Batch times in ms; undefined for the newest checkpoints. */
  readonly at: number | undefined
  readonly from: number | undefined
  readonly to: number | undefined
  /** The operation whose entries are shown. */
  readonly uid: string | undefined
  /** Limit of shown entries. */
  readonly limit: number
  readonly json: boolean
}

const OPTIONS = {
  at: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  uid: { type: 'string' },
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

/** The options of each action, besides `json`. */
const TAKES: Readonly<Record<CheckpointCommand['action'], readonly (keyof typeof OPTIONS)[]>> = {
  ls: [],
  show: ['at', 'uid', 'limit'],
  verify: [],
  diff: ['from', 'to', 'uid', 'limit'],
}

/** Parses the arguments of `millrace checkpoint`. Returns undefined if the user asks for help. @throws ArgumentError */
export function parseCheckpoint(args: readonly string[]): CheckpointCommand | undefined {
  const { values, positionals } = parsed('checkpoint', args, OPTIONS)
  if (values.help) return undefined
  const [action, directory, ...others] = positionals
  if (!isAction(action)) {
    throw new ArgumentError(
      `checkpoint: ${action === undefined ? 'an action is missing' : `there is no action '${action}'`}. Write: millrace checkpoint ${ACTIONS.join('|')} <dir>`,
    )
  }
  if (directory === undefined || others.length > 0) {
    throw new ArgumentError(
      `checkpoint ${action} takes one directory and got ${positionals.length - 1}. Write: millrace checkpoint ${action} <dir>`,
    )
  }
  for (const name of ['at', 'from', 'to', 'uid'] as const) {
    if (values[name] === undefined || TAKES[action].includes(name)) continue
    const takes = [...TAKES[action], 'json'].map((option) => `--${option}`).join(', ')
    throw new ArgumentError(`checkpoint ${action} does not take --${name}. It takes: ${takes}.`)
  }
  const time = (name: 'at' | 'from' | 'to') =>
    values[name] === undefined ? undefined : count(values[name], `--${name}`, 0, Number.MAX_SAFE_INTEGER)
  return {
    kind: 'checkpoint',
    action,
    directory,
    at: time('at'),
    from: time('from'),
    to: time('to'),
    uid: values.uid,
    limit: count(values.limit, '--limit', 0, Number.MAX_SAFE_INTEGER),
    json: values.json,
  }
}

function isAction(name: string | undefined): name is CheckpointCommand['action'] {
  return ACTIONS.includes(name as never)
}
