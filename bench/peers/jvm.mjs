import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { built, peersFolder, tool } from './build.mjs'

/** The options that Spark needs on Java 17 without its own launcher. */
const SPARK_OPENS = [
  ...[
    'lang',
    'lang.invoke',
    'lang.reflect',
    'io',
    'net',
    'nio',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
  ].map((name) => `java.base/java.${name}`),
  ...['jdk.internal.ref', 'sun.nio.ch', 'sun.nio.cs', 'sun.security.action', 'sun.util.calendar'].map(
    (name) => `java.base/${name}`,
  ),
  'java.security.jgss/sun.security.krb5',
]
const FLINK_OPENS = ['java.base/java.lang', 'java.base/java.util']

export function spark() {
  return jvm('spark', 'peers.spark.SparkPeer', sparkFlags())
}

/** Spark's direct stream of a Kafka topic. `versions`: those of Spark and Scala, by default the project's. */
export function sparkKafka(versions) {
  return jvm('sparkkafka', 'peers.sparkkafka.DirectStream', sparkFlags(), versions)
}

function sparkFlags() {
  const log = join(peersFolder, 'jvm', 'log4j2.properties')
  return [
    '-XX:+UseG1GC',
    '-XX:+IgnoreUnrecognizedVMOptions',
    ...opens(SPARK_OPENS),
    '-Djdk.reflect.useDirectMethodHandle=false',
    '-Dio.netty.tryReflectionSetAccessible=true',
    '-Dlog4j2.level=ERROR',
    `-Dlog4j.configurationFile=${log}`,
  ]
}

export function flink() {
  return jvm('flink', 'peers.flink.FlinkPeer', opens(FLINK_OPENS))
}

const opens = (names) => names.map((name) => `--add-opens=${name}=ALL-UNNAMED`)

/** A Maven project, compiled into the cache; its libraries stay in Maven's own repository. */
async function jvm(name, main, flags, versions) {
  const folder = await built(
    versions === undefined ? name : `${name}-${versions.spark}`,
    [`jvm/${name}`, 'jvm/src/peers/Serve.java', `jvm/src/peers/${name}`],
    async (folder) => {
      await tool('java', ['-version'])
      const out = [`-Dout=${folder}`, `-Dmdep.outputFile=${join(folder, 'classpath')}`]
      const goals = ['compile', 'dependency:build-classpath']
      if (versions !== undefined) out.push(`-Dspark.version=${versions.spark}`, `-Dscala.binary=${versions.scala}`)
      await tool('mvn', ['-q', '-B', ...goals, ...out], { cwd: join(peersFolder, 'jvm', name) })
    },
  )
  const libraries = (await readFile(join(folder, 'classpath'), 'utf8')).trim()
  const [, version] = /(?:spark|flink)-streaming[^:]*?-(\d[\d.]+)\.jar/.exec(libraries) ?? []
  return {
    version,
    start: (task) => {
      const own = [process.pid, task.workload, task.peer, task.variant ?? 'memory'].join('-')
      const scratch = join(tmpdir(), 'millrace-bench', `${name}-${own}`)
      mkdirSync(scratch, { recursive: true })
      const words = Object.entries({ ...task, scratch }).map(([key, value]) => `${key}=${value}`)
      const heap = task.workload.startsWith('state-') ? '-Xmx8g' : '-Xmx4g'
      const path = ['-cp', `${join(folder, 'classes')}:${libraries}`]
      return {
        command: 'java',
        args: [heap, ...flags, `-Djava.io.tmpdir=${scratch}`, ...path, main, ...words],
        scratch,
      }
    },
  }
}
