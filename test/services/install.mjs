#!/usr/bin/env node
// Installs the programs that tests start, and tools of users, into a folder outside of the checkout, and the packages of the
// documentation site.
//
//   node test/services/install.mjs [kafka ...]
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.mjs'
import { builders, consumers, runtimes } from './tools.mjs'

const CACHE = process.env.MILLRACE_SERVICES ?? join(homedir(), '.cache', 'millrace', 'services')

const SERVICES = {
  ...{ spark, spark3, kafka, postgres, flume, flumeAgent, pekko, hdfs, s3, redis, nats, mosquitto, chromium, site },
  ...{ consumers, builders, runtimes },
}
const KAFKA = '4.4.0'
const SITE = join(import.meta.dirname, '..', '..', 'site')
const HADOOP = '3.4.3'
const SPARK = '4.0.1'
/** As scripts/build-spark.mjs compiles for it. */
const SPARK_3 = '3.5.1'
const VERSITYGW = '1.8.0'

/** The folder of a service. Nothing is installed by asking for it. */
export function folderOf(service) {
  return join(CACHE, service)
}

/** Whether a service is installed in the version that the tests want. */
export function isInstalled(service) {
  const list = join(folderOf(service), 'installed')
  const { version, program } = SERVICES[service]
  // The cache may have been filled on another machine.
  return existsSync(list) && readFileSync(list, 'utf8') === version && (!program || program() !== undefined)
}

/** The jars of the broker and its tools, and the folder of a formatted, empty log, which takes 3 s to make. */
function kafka(folder) {
  const slf4j = 'org.slf4j:slf4j-simple:1.7.36'
  jars(folder, [`org.apache.kafka:kafka_2.13:${KAFKA}`, `org.apache.kafka:kafka-tools:${KAFKA}`, slf4j])
  const properties = join(folder, 'format.properties')
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    'controller.quorum.voters=1@127.0.0.1:1',
    'listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(folder, 'formatted')}`,
  ]
  writeFileSync(properties, lines.join('\n'))
  const classes = join(folder, 'jars', '*')
  run('java', ['-cp', classes, 'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', properties])
}
kafka.version = `${KAFKA} with tools`

/** Spark's core, which has the master and the workers of a standalone cluster, and what Maven needs to build the bridge to it. */
function spark(folder) {
  jars(folder, [`org.apache.spark:spark-core_2.13:${SPARK}`])
}
spark.version = SPARK

/** The last Spark before 4, for Scala 2.12. Its history server alone stores pages in RocksDB, which is as large as the rest. */
function spark3(folder) {
  // Spark's own distribution has these; Maven would choose older ones.
  const pinned = ['com.fasterxml.jackson.core:jackson-core:2.15.2', 'org.slf4j:slf4j-api:2.0.7']
  jars(folder, [`org.apache.spark:spark-core_2.12:${SPARK_3}`, ...pinned], ['org.rocksdb'])
}
spark3.version = `${SPARK_3}, Jackson 2.15.2, SLF4J 2.0.7`

/** The Debian package, unless a server is on the machine already. Where it is installed is the same for all checkouts. */
function postgres() {
  if (!postgresPrograms()) ofMachine('postgresql')
}
postgres.version = 'of the machine'
postgres.program = postgresPrograms

/** The folder of initdb and postgres, in the newest version that is installed. */
export function postgresPrograms() {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

/** The Debian package of the browser, unless one is on the machine already. */
function chromium() {
  if (!browserProgram()) ofMachine('chromium')
}
chromium.version = 'of the machine'
chromium.program = browserProgram

/** The browser that tests start. */
export function browserProgram() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  return names.map((name) => join('/usr/bin', name)).find((path) => existsSync(path))
}

function ofMachine(name) {
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  run('apt-get', ['update', '-qq', ...wait])
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wait, name])
}

/** The packages of the documentation site, which stay in its folder of the checkout. */
function site() {
  run('npm', ['ci', '--no-audit', '--no-fund'], {}, SITE)
}
site.version = createHash('sha256')
  .update(readFileSync(join(SITE, 'package-lock.json')))
  .digest('hex')
  .slice(0, 12)
site.program = installedSite

/** The list of the site's installed packages, unless the packages that it needs are newer. */
function installedSite() {
  const list = join(SITE, 'node_modules', '.package-lock.json')
  const wanted = join(SITE, 'package-lock.json')
  return existsSync(list) && statSync(list).mtimeMs >= statSync(wanted).mtimeMs ? list : undefined
}

/** Flume's RPC client, and the program around it that the tests run. */
function flume(folder) {
  jars(folder, ['org.apache.flume:flume-ng-sdk:1.11.0'])
  compile(folder, 'FlumeClient')
}
flume.version = `1.11.0, client ${digestOf('FlumeClient')}`

/** An agent, and the sink of Spark that is polled. The sink was built for Avro 1.8, and later agents have another. */
function flumeAgent(folder) {
  const sink = 'org.apache.spark:spark-streaming-flume-sink_2.12:2.4.8'
  jars(folder, [
    'org.apache.flume:flume-ng-node:1.9.0',
    sink,
    'org.apache.avro:avro:1.8.2',
    'org.apache.avro:avro-ipc:1.8.2',
  ])
}
flumeAgent.version = '1.9.0, sink 2.4.8, Avro 1.8.2'

/** A real actor system, and the actor that the tests run. */
function pekko(folder) {
  jars(folder, ['org.apache.pekko:pekko-actor_2.13:1.7.0'])
  compile(folder, 'PekkoFeed')
}
pekko.version = `1.7.0, client ${digestOf('PekkoFeed')}`

/** A NameNode and a DataNode, the program that starts both, and the shell. */
function hdfs(folder) {
  const artifacts = ['hadoop-hdfs', 'hadoop-common', 'hadoop-hdfs-client']
  jars(
    folder,
    artifacts.map((artifact) => `org.apache.hadoop:${artifact}:${HADOOP}`),
  )
  compile(folder, 'MiniHdfs')
  // The servers look for the folders of their pages.
  const page = '<web-app version="2.4" xmlns="http://java.sun.com/xml/ns/j2ee"></web-app>'
  for (const server of ['hdfs', 'datanode']) {
    const pages = join(folder, 'classes', 'webapps', server, 'WEB-INF')
    mkdirSync(pages, { recursive: true })
    writeFileSync(join(pages, 'web.xml'), page)
  }
  // The shell wants a configuration.
  writeFileSync(join(folder, 'classes', 'core-site.xml'), '<configuration/>')
  const log = [
    'rootLogger=ERROR,A',
    'appender.A=org.apache.log4j.ConsoleAppender',
    'appender.A.layout=org.apache.log4j.SimpleLayout',
  ]
  writeFileSync(join(folder, 'classes', 'log4j.properties'), log.map((line) => `log4j.${line}\n`).join(''))
}
hdfs.version = `${HADOOP} with shell, servers ${digestOf('MiniHdfs')}`

/** A server of the S3 protocol over a folder. */
function s3(folder) {
  run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW}`], { GOBIN: folder })
}
s3.version = `versitygw ${VERSITYGW}`

/** Compiles a class of this folder into `classes`. */
function compile(folder, name) {
  const classes = join(folder, 'classes')
  const java = join(import.meta.dirname, 'java', `${name}.java`)
  run('javac', ['-proc:none', '-nowarn', '-cp', join(folder, 'jars', '*'), '-d', classes, java])
}

function digestOf(name) {
  const java = readFileSync(join(import.meta.dirname, 'java', `${name}.java`))
  return createHash('sha256').update(java).digest('hex').slice(0, 12)
}

/*
 * Servers from packages of the distribution: their files are unpacked into the cache, which needs no root and starts nothing.
 * The version is that of the distribution, as its archive holds one only.
 */
function redis(folder) {
  debs(folder, ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'])
}
redis.version = 'unpacked'

function nats(folder) {
  debs(folder, ['nats-server'])
}
nats.version = 'unpacked'

function mosquitto(folder) {
  debs(folder, ['mosquitto', 'libmosquitto1', 'libcjson1', 'libdlt2', 'libwrap0', 'libcap2'])
}
mosquitto.version = 'unpacked'

/** The command of an unpacked server, and the environment in which it finds its libraries. */
export function unpacked(service, program) {
  const root = join(folderOf(service), 'root')
  const libraries = join(root, 'usr', 'lib')
  const folders = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : []
  const command = ['bin', 'sbin'].map((bin) => join(root, 'usr', bin, program)).find((path) => existsSync(path))
  return { command: command ?? program, env: { ...process.env, LD_LIBRARY_PATH: folders.join(':') } }
}

/** Downloads packages, with lists of packages of its own if those of the machine are missing or old, and unpacks them. */
function debs(folder, packages) {
  const fresh = join(folder, 'apt')
  mkdirSync(join(fresh, 'lists', 'partial'), { recursive: true })
  mkdirSync(join(fresh, 'archives', 'partial'), { recursive: true })
  const own = [`Dir::State::Lists=${join(fresh, 'lists')}`, `Dir::Cache=${fresh}`, 'APT::Sandbox::User=']
  const options = own.flatMap((option) => ['-o', option])
  const download = (options) => run('apt-get', ['-qq', ...options, 'download', ...packages], {}, folder)
  try {
    download(['-o', 'APT::Sandbox::User='])
  } catch {
    run('apt-get', ['-qq', ...options, 'update'])
    download(options)
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg', ['-x', join(folder, file), join(folder, 'root')])
    rmSync(join(folder, file))
  }
  rmSync(fresh, { recursive: true })
}

/** Fetches artifacts and what they need at run time, without what is of some groups. */
function jars(folder, artifacts, without = []) {
  const exclusion = without.map(
    (group) => `<exclusion><groupId>${group}</groupId><artifactId>*</artifactId></exclusion>`,
  )
  const exclusions = `<exclusions>${exclusion.join('')}</exclusions>`
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${exclusions}</dependency>`
  })
  const pom = join(folder, 'pom.xml')
  writeFileSync(
    pom,
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId>' +
      `<artifactId>x</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>`,
  )
  const output = `-DoutputDirectory=${join(folder, 'jars')}`
  run('mvn', ['-q', '-B', '-ntp', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', output])
}

function install(service) {
  if (isInstalled(service)) return
  const folder = folderOf(service)
  const fresh = `${folder}.${process.pid}`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  SERVICES[service](fresh)
  writeFileSync(join(fresh, 'installed'), SERVICES[service].version)
  rmSync(folder, { recursive: true, force: true })
  renameSync(fresh, folder)
}

if (import.meta.filename === process.argv[1]) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SERVICES)
  for (const service of wanted) {
    if (!SERVICES[service])
      throw new Error(`There is no service '${service}'. Services: ${Object.keys(SERVICES).join(', ')}.`)
    install(service)
    console.log(`${service} ${SERVICES[service].version} in ${folderOf(service)}`)
  }
}
