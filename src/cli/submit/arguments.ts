import type { ParseArgsConfig } from 'node:util'
import { checkMaster } from '../../engine/master-options.js'
import { ArgumentError } from '../../errors.js'
import { count, keyValue, parsed } from '../option-values.js'
import { moduleOf, type RunCommand, SERVICE_OPTIONS, serviceOf } from '../run/arguments.js'

const MOST_PARTITIONS = 65_535

const OPTIONS = {
  master: { type: 'string' },
  parallelism: { type: 'string' },
  name: { type: 'string' },
  conf: { type: 'string', multiple: true, default: [] as string[] },
  files: { type: 'string', multiple: true, default: [] as string[] },
  archives: { type: 'string', multiple: true, default: [] as string[] },
  external: { type: 'string', multiple: true, default: [] as string[] },
  node: { type: 'string' },
  'driver-memory': { type: 'string' },
  'spark-home': { type: 'string' },
  bridge: { type: 'string' },
  ...SERVICE_OPTIONS,
} satisfies ParseArgsConfig['options']

/** Parses the arguments of `millrace submit`, which is a run on a cluster. Undefined: show the help. @throws ArgumentError */
export function parseSubmit(args: readonly string[]): RunCommand | undefined {
  const { values, positionals } = parsed('submit', args, OPTIONS)
  if (values.help) return undefined
  const module = moduleOf('submit', positionals, 'millrace submit --master spark://host:7077 ./pipeline.js')
  const master = checkMaster(values.master)
  if (master === undefined)
    throw new ArgumentError(
      'submit: --master is missing. Write: millrace submit --master spark://host:7077 ./pipeline.js, or local[2] to try it.',
    )
  const conf = {
    ...(values.name !== undefined && { 'spark.app.name': values.name }),
    ...(values.node !== undefined && { 'spark.millrace.node': values.node }),
    ...Object.fromEntries(values.conf.map((text) => keyValue(text, '--conf', 'spark.executor.memory=2g'))),
  }
  const { 'driver-memory': driverMemory, 'spark-home': home, bridge, external } = values
  return {
    ...serviceOf(module, values),
    cluster: {
      master,
      parallelism:
        values.parallelism === undefined ? undefined : count(values.parallelism, '--parallelism', 1, MOST_PARTITIONS),
      spark: {
        external,
        conf: {
          ...conf,
          ...listed('spark.files', values.files, conf),
          ...listed('spark.archives', values.archives, conf),
        },
        ...(driverMemory !== undefined && { driverMemory }),
        ...(home !== undefined && { home }),
        ...(bridge !== undefined && { bridge }),
      },
    },
  }
}

/** A setting that is a list, to which options add. */
function listed(name: string, more: readonly string[], conf: Readonly<Record<string, string>>): Record<string, string> {
  return more.length > 0 ? { [name]: [...(conf[name] ? [conf[name]] : []), ...more].join(',') } : {}
}
