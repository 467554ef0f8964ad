import type { ParseArgsConfig, parseArgs } from 'node:util'
import type { SparkOptions } from '../../engine/master-options.js'
import { ArgumentError } from '../../errors.js'
import { count, millis, param, parsed, threads, until } from '../option-values.js'

export interface RunCommand {
  readonly kind: 'run'
  /** Path or file URL of the pipeline module, as the user wrote it. */
  readonly module: string
  readonly threads: number | undefined
  /** The Spark cluster of `millrace submit`. */
  readonly cluster?: ClusterOptions
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
  /** Serves the live page: on this port, or on the default one. */
  readonly ui: { readonly port?: number; readonly chaos: boolean } | undefined
  /** Address at which metrics and probes are served. */
  readonly metrics: { readonly port: number; readonly host: string } | undefined
  /** Arguments of the child process that restarts when a file changes. */
  readonly watch: readonly string[] | undefined
}

export interface ClusterOptions {
  readonly master: string
  readonly parallelism: number | undefined
  readonly spark: SparkOptions
}

/** Options of commands that run a pipeline module as a service. */
export const SERVICE_OPTIONS = {
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
  metrics: { type: 'boolean', default: false },
  'metrics-port': { type: 'string' },
  'metrics-host': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

const OPTIONS = {
  threads: { type: 'string' },
  ...SERVICE_OPTIONS,
  watch: { type: 'boolean', default: false },
  chaos: { type: 'boolean', default: false },
} satisfies ParseArgsConfig['options']

/** Parses the arguments of `millrace run`. Undefined: show the help. Throws ArgumentError. */
export function parseRun(args: readonly string[]): RunCommand | undefined {
  const { values, positionals } = parsed('run', args, OPTIONS)
  if (values.help) return undefined
  const module = moduleOf('run', positionals, 'millrace run ./pipeline.js')
  return {
    ...serviceOf(module, values),
    threads: threads(values.threads),
    ui: page(values.ui, values['ui-port'], values.chaos),
    watch: values.watch ? ['run', ...args.filter((arg) => arg !== '--watch')] : undefined,
  }
}

/** Returns the one module of a command. @throws ArgumentError */
export function moduleOf(command: string, positionals: readonly string[], example: string): string {
  const [module, ...others] = positionals
  if (module === undefined) throw new ArgumentError(`${command}: a module is missing. Write: ${example}`)
  if (others.length > 0) {
    throw new ArgumentError(
      `${command} takes one module and got ${positionals.length}: ${positionals.join(' ')}. Pass values to the pipeline with --param key=value.`,
    )
  }
  return module
}

type ServiceValues = ReturnType<typeof parseArgs<{ readonly options: typeof SERVICE_OPTIONS }>>['values']

/** Reads the values of SERVICE_OPTIONS. @throws ArgumentError */
export function serviceOf(module: string, values: ServiceValues): RunCommand {
  if (values.standby && values['checkpoint-dir'] === undefined) {
    throw new ArgumentError(
      '--standby waits for a checkpoint directory. Add --checkpoint-dir <folder>, or leave it out.',
    )
  }
  return {
    kind: 'run',
    module,
    threads: undefined,
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    duration: values.duration === undefined ? undefined : millis(values.duration, '--duration'),
    until: until(values.until, ' to run until a signal'),
    checkpointDir: values['checkpoint-dir'],
    standby: values.standby,
    dropState: values['drop-state'],
    keep: values.keep === undefined ? undefined : millis(values.keep, '--keep'),
    writeAheadLog: values['write-ahead-log'],
    params: Object.fromEntries(values.param.map(param)),
    json: values.json,
    ui: page(values.ui, values['ui-port'], false),
    metrics: metrics(values.metrics, values['metrics-port'], values['metrics-host']),
    watch: undefined,
  }
}

/** `--ui-port` and `--chaos` imply `--ui`. */
function page(ui: boolean, port: string | undefined, chaos: boolean): RunCommand['ui'] {
  if (!ui && port === undefined && !chaos) return undefined
  return port === undefined ? { chaos } : { port: count(port, '--ui-port', 0, 65_535), chaos }
}

/** The port that Prometheus scrapes of an exporter by custom. */
const METRICS_PORT = 9464

/** `--metrics-port` and `--metrics-host` imply `--metrics`. */
function metrics(on: boolean, port: string | undefined, host: string | undefined): RunCommand['metrics'] {
  if (!on && port === undefined && host === undefined) return undefined
  return {
    port: port === undefined ? METRICS_PORT : count(port, '--metrics-port', 0, 65_535),
    host: host ?? '127.0.0.1',
  }
}
