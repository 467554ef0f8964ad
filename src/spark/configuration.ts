import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ResourceLimits } from 'node:worker_threads'
import type { ContextSettings } from '../engine/options.js'
import { ArgumentError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { PIPELINE_FILES } from './pipeline-files.js'
import type { ShippedPipeline } from './shipped-pipeline.js'
import { bridgeVersion } from './version.js'

/** A jar of Spark whose name has its version of Scala: Spark 4 has 2.13, Spark 3.5 mostly 2.12. */
const SPARK_CORE = /^spark-core_(2\.1[23])-/
/** Files of the bridge's package. */
const jarFor = (scala: string) => `millrace-spark-bridge_${scala}.jar`
const LIBRARY = `${PIPELINE_FILES.library}.zip`

const PLUGINS = ['millrace.bridge.NodeCounts', 'millrace.bridge.LogLevel']

const LOOPBACK = '127.0.0.1'
const ANY = '0.0.0.0'

/**
 * When the connection to another executor ends, Spark fetches again after 5 s, three times, and notices only then that the executor is
 * dead. This is as much patience in shorter steps.
 */
const FETCH_RETRIES = { 'spark.shuffle.io.retryWait': '250ms', 'spark.shuffle.io.maxRetries': '60' }

/**
 * The first compiler of the JVM only: Node processes compute, and the JVMs schedule and pass blocks on. For a thousand batches and more the
 * second one takes more time than it saves.
 */
const FIRST_COMPILER = '-XX:TieredStopAtLevel=1'

export interface SparkConfiguration {
  readonly classPath: string
  readonly memory: string
  readonly conf: Readonly<Record<string, string>>
}

/**
 * Returns the configuration of the SparkContext. Executors get the package, and the pipeline module, if there is one.
 *
 * @throws ArgumentError if there is no Spark at the given home, or no bridge to it.
 */
export function configurationOf(options: ContextSettings, pipeline: ShippedPipeline | undefined): SparkConfiguration {
  const {
    master,
    spark,
    codegen,
    fileSystems,
    maxFailures,
    maxResultBytes,
    parallelism,
    resourceLimits,
    taskTimeoutMs,
  } = options
  const home = spark.home ?? process.env.SPARK_HOME
  const scala = home && scalaOf(home)
  if (!scala) {
    throw new ArgumentError(
      `spark.home is ${home === undefined ? 'not set, nor is SPARK_HOME' : `'${home}', which has no jars/spark-core_2.13 or _2.12`}; it must be the folder of Spark 4 for Scala 2.13, or of Spark 3.5 for Scala 2.12.`,
      { home },
    )
  }
  const bridge = spark.bridge ?? installedBridge()
  const jar = join(bridge, jarFor(scala))
  for (const file of [jar, join(bridge, LIBRARY)])
    if (!existsSync(file)) throw noBridge(`has no file ${file}`, { bridge, file })
  const conf = {
    'spark.app.name': 'millrace',
    'spark.log.level': 'WARN',
    'spark.cleaner.referenceTracking.cleanCheckpoints': 'true',
    'spark.default.parallelism': String(parallelism),
    'spark.driver.defaultJavaOptions': FIRST_COMPILER,
    'spark.driver.maxResultSize': `${maxResultBytes}b`,
    'spark.executor.defaultJavaOptions': FIRST_COMPILER,
    'spark.task.maxFailures': String(maxFailures),
    'spark.millrace.node': isLocal(master!) ? process.execPath : 'node',
    ...FETCH_RETRIES,
    ...spark.conf,
    'spark.master': masterOf(master!, maxFailures),
    'spark.jars': listed(spark.conf?.['spark.jars'], jar),
    'spark.files': listed(spark.conf?.['spark.files'], ...(pipeline?.files ?? [])),
    'spark.archives': listed(spark.conf?.['spark.archives'], `${join(bridge, LIBRARY)}#${PIPELINE_FILES.library}`),
    'spark.plugins': listed(spark.conf?.['spark.plugins'], ...PLUGINS),
    'spark.millrace.package': PACKAGE_ROOT.href,
    // A long in Java.
    'spark.millrace.taskTimeoutMs': String(Math.min(taskTimeoutMs, Number.MAX_SAFE_INTEGER)),
    'spark.millrace.flags': heapFlags(resourceLimits),
    'spark.millrace.version': bridgeVersion(),
    'spark.millrace.boot': JSON.stringify({ codegen, fileSystems, hasPipeline: pipeline !== undefined }),
  }
  const { HADOOP_CONF_DIR, YARN_CONF_DIR } = process.env
  const settings = [HADOOP_CONF_DIR, YARN_CONF_DIR].filter((folder) => folder)
  return {
    classPath: [...settings, join(home, 'jars', '*'), jar].join(':'),
    memory: spark.driverMemory ?? '1g',
    conf,
  }
}

/** The address of this machine at which executors ask for received data. */
export function hostOf({ conf }: SparkConfiguration): string {
  if (isLocal(conf['spark.master']!)) return LOOPBACK
  return conf['spark.driver.bindAddress'] ?? conf['spark.driver.host'] ?? ANY
}

/** Adds where received data is served. Executors know the driver's address from Spark. */
export function forStreams(
  configuration: SparkConfiguration,
  { port, token }: { readonly port: number; readonly token: string },
): SparkConfiguration {
  const conf: Record<string, string> = {
    ...configuration.conf,
    'spark.millrace.port': String(port),
    'spark.millrace.token': token,
  }
  if (isLocal(conf['spark.master']!)) conf['spark.millrace.host'] = LOOPBACK
  return { ...configuration, conf }
}

/** Returns the flags of Node for the heap that a thread would have. */
function heapFlags({ maxYoungGenerationSizeMb: young, maxOldGenerationSizeMb: old }: ResourceLimits): string {
  // A young generation has three semi-spaces.
  const semi = Math.max(1, Math.round(young! / 3))
  return `--max-semi-space-size=${semi}${old ? ` --max-old-space-size=${Math.ceil(old)}` : ''}`
}

/** Adds to a list of the user's, as Spark writes lists. */
function listed(given: string | undefined, ...more: readonly string[]): string {
  return [...(given ? [given] : []), ...more].join(',')
}

/** Returns the version of Scala of a Spark; undefined if there is no Spark. */
function scalaOf(home: string): string | undefined {
  const jars = join(home, 'jars')
  if (!existsSync(jars)) return undefined
  return readdirSync(jars).flatMap((name) => SPARK_CORE.exec(name)?.[1] ?? [])[0]
}

function isLocal(master: string): boolean {
  return master.startsWith('local')
}

/** Only a local master has the number of failures in its URL, and does not retry without it. */
function masterOf(master: string, maxFailures: number): string {
  return isLocal(master) ? master.replace(/\]$/, `,${maxFailures}]`) : master
}

function installedBridge(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('millrace-spark/package.json')), 'dist')
  } catch (cause) {
    throw noBridge('is not set, and the package millrace-spark is not installed', { cause: String(cause) })
  }
}

function noBridge(fault: string, details: Readonly<Record<string, unknown>>): ArgumentError {
  return new ArgumentError(
    `spark.bridge ${fault}; it must be the folder dist of the package millrace-spark, which \`npm run build:spark\` writes in Millrace's repository.`,
    details,
  )
}
