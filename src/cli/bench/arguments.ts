import type { ParseArgsConfig } from 'node:util'
import { defaultThreads } from '../../engine/options.js'
import { ArgumentError } from '../../errors.js'
import { count, millis, param, parsed, threads, until } from '../option-values.js'

export interface BenchCommand {
  readonly kind: 'bench'
  /** Path or file URL of the pipeline module, as the user wrote it. */
  readonly module: string
  /** The numbers of threads to compare, each once. */
  readonly threads: readonly number[]
  readonly rounds: number
  /** Length of a run in ms. With `until`, the most that it may take. */
  readonly duration: number
  readonly until: 'caught-up' | undefined
  readonly batchInterval: number
  readonly params: Readonly<Record<string, string>>
  readonly json: boolean
}

const OPTIONS = {
  threads: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  duration: { type: 'string', default: '10s' },
  until: { type: 'string' },
  'batch-interval': { type: 'string', default: '1s' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

/** Parses the arguments of `millrace bench`. Undefined: show the help. @throws ArgumentError */
export function parseBench(args: readonly string[]): BenchCommand | undefined {
  const { values, positionals } = parsed('bench', args, OPTIONS)
  if (values.help) return undefined
  const [module, ...others] = positionals
  if (module === undefined || others.length > 0)
    throw new ArgumentError(
      `bench takes one module and got ${positionals.length}. Write: millrace bench ./pipeline.js --threads 1,2`,
    )
  return {
    kind: 'bench',
    module,
    threads: counts(values.threads ?? `1,${defaultThreads()}`),
    rounds: count(values.rounds, '--rounds', 1, 1000),
    duration: millis(values.duration, '--duration'),
    until: until(values.until),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    params: Object.fromEntries(values.param.map(param)),
    json: values.json,
  }
}

/** Parses numbers of threads, such as `1,2,4`. */
function counts(text: string): number[] {
  return [...new Set(text.split(',').map((each) => threads(each)!))]
}
