import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { count, param, parsed, threads } from '../option-values.js'

export interface ReplayCommand {
  readonly kind: 'replay'
  /** A path, or a URL of a file system that the package supports. */
  readonly directory: string
  /** Path or file URL of the pipeline module. A list of batches needs none. */
  readonly module: string | undefined
  /** Batch time in ms; undefined to list the batches that can be replayed. */
  readonly batch: number | undefined
  readonly outputs: boolean
  /** Limit of shown records per output, or of listed batches. */
  readonly limit: number
  readonly threads: number | undefined
  readonly params: Readonly<Record<string, string>>
  /** Whether to wait for a debugger. */
  readonly inspect: boolean
  readonly json: boolean
}

const OPTIONS = {
  batch: { type: 'string' },
  outputs: { type: 'boolean', default: false },
  limit: { type: 'string', default: '10' },
  threads: { type: 'string' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  'inspect-brk': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

const USAGE = 'Write: millrace replay <dir> <module> [--batch <time>]'

/** Parses the arguments of `millrace replay`. Returns undefined if the user asks for help. @throws ArgumentError */
export function parseReplay(args: readonly string[]): ReplayCommand | undefined {
  const { values, positionals } = parsed('replay', args, OPTIONS)
  if (values.help) return undefined
  const [directory, module, ...others] = positionals
  if (directory === undefined || others.length > 0)
    throw new ArgumentError(`replay takes a directory and a module, and got ${positionals.length} arguments. ${USAGE}`)
  if (values.batch !== undefined && module === undefined)
    throw new ArgumentError(`replay --batch needs the module that ran the batch. ${USAGE}`)
  return {
    kind: 'replay',
    directory,
    module,
    batch: values.batch === undefined ? undefined : batchTime(values.batch),
    outputs: values.outputs,
    limit: count(values.limit, '--limit', 0, Number.MAX_SAFE_INTEGER),
    threads: threads(values.threads),
    params: Object.fromEntries(values.param.map(param)),
    inspect: values['inspect-brk'],
    json: values.json,
  }
}

/** Parses a batch time: digits alone are milliseconds; anything else is a date with a time. */
function batchTime(text: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isSafeInteger(time)) return time
  throw new ArgumentError(
    `--batch is '${text}'; it must be a batch time in ms, or a date such as 2026-01-31T12:00:00Z.`,
    { given: text },
  )
}
