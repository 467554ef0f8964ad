import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

/** The id with which install.mjs formats the log. */
const CLUSTER_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const LOG_LEVEL = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'

/** A user of the secure listener, for every mechanism. */
export const USER = { username: 'alice', password: 'alice-secret' }

/** One Kafka broker on loopback, with an empty log. It keeps its log and port when it is restarted. */
export class KafkaService {
  readonly broker: string
  readonly #folder: string
  readonly #port: number
  #service: Service | undefined

  /** Takes encrypted connections of users; only of a broker that was started by `startSecure`. */
  secureBroker = ''
  /** The certificate of the secure listener, as PEM. */
  certificate = ''

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.#port = port
    this.broker = `127.0.0.1:${port}`
  }

  /** `clusterId`: 16 bytes in base64url; the same for all brokers unless given. */
  static async start(
    settings: Readonly<Record<string, string | number>> = {},
    clusterId = CLUSTER_ID,
  ): Promise<KafkaService> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    cpSync(join(folderOf('kafka'), 'formatted'), join(folder, 'log'), { recursive: true })
    const properties = join(folder, 'log', 'meta.properties')
    writeFileSync(properties, readFileSync(properties, 'utf8').replace(CLUSTER_ID, clusterId))
    return await KafkaService.#startIn(folder, settings)
  }

  /** With a second listener, `secureBroker`, for encrypted connections of the user USER. */
  static async startSecure(): Promise<KafkaService> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    const store = join(folder, 'keys.p12')
    const keytool = (...args: string[]) =>
      java('keytool', [...args, '-keystore', store, '-storepass', 'changeit', '-alias', 'broker'])
    keytool('-genkeypair', '-keyalg', 'RSA', '-dname', 'CN=broker', '-ext', 'SAN=ip:127.0.0.1', '-storetype', 'PKCS12')
    keytool('-exportcert', '-rfc', '-file', join(folder, 'certificate.pem'))
    const secure = await freePort()
    const login = 'org.apache.kafka.common.security'
    const kafka = await KafkaService.#startIn(
      folder,
      {
        'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.secure.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
        'listener.name.secure.scram-sha-256.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
        'listener.name.secure.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
        'ssl.keystore.location': store,
        'ssl.keystore.password': 'changeit',
        'ssl.keystore.type': 'PKCS12',
      },
      secure,
    )
    kafka.secureBroker = `127.0.0.1:${secure}`
    kafka.certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8')
    return kafka
  }

  static async #startIn(
    folder: string,
    settings: Readonly<Record<string, string | number>>,
    secure?: number,
  ): Promise<KafkaService> {
    const [port, controller] = [await freePort(), await freePort()]
    const open = secure === undefined ? [] : [`SECURE://127.0.0.1:${secure}`]
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: [`PLAINTEXT://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controller}`, ...open].join(),
      'advertised.listeners': [`PLAINTEXT://127.0.0.1:${port}`, ...open].join(),
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      'log.dirs': join(folder, 'log'),
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 4,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'transaction.state.log.num.partitions': 4,
      'group.initial.rebalance.delay.ms': 0,
      'auto.create.topics.enable': false,
      'num.network.threads': 2,
      'num.io.threads': 2,
      ...settings,
    }
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
    writeFileSync(join(folder, 'server.properties'), lines.join('\n'))
    if (secure !== undefined) {
      // Passwords of SCRAM are part of the log's first records.
      const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name="${USER.username}",password="${USER.password}"]`,
      ])
      const format = ['format', '-t', CLUSTER_ID, '-c', join(folder, 'server.properties'), ...users]
      java('java', ['-cp', join(folderOf('kafka'), 'jars', '*'), 'kafka.tools.StorageTool', ...format])
    }
    const kafka = new KafkaService(folder, port)
    await kafka.restart()
    return kafka
  }

  /** Starts the broker after `stop`. */
  async restart(): Promise<void> {
    const jars = join(folderOf('kafka'), 'jars', '*')
    const flags = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const args = [...flags, LOG_LEVEL, '-cp', jars, 'kafka.Kafka', join(this.#folder, 'server.properties')]
    this.#service = await Service.start('java', args, this.#port, join(this.#folder, 'output.txt'))
  }

  /** Runs a command line tool that comes with Kafka, such as ConsoleProducer; returns what it printed. */
  tool(name: string, args: readonly string[], input = ''): string {
    const jars = join(folderOf('kafka'), 'jars', '*')
    const java = ['-XX:TieredStopAtLevel=1', LOG_LEVEL, '-cp', jars, `org.apache.kafka.tools.${name}`]
    const command = [...java, '--bootstrap-server', this.broker, ...args]
    const { status, stdout, stderr } = spawnSync('java', command, { input, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`)
    return stdout
  }

  /** Removes the records of partition 0 before an offset, as retention does. */
  removeRecords(topic: string, offset: number): void {
    const file = join(this.#folder, 'remove.json')
    writeFileSync(file, JSON.stringify({ partitions: [{ topic, partition: 0, offset }], version: 1 }))
    this.tool('DeleteRecordsCommand', ['--offset-json-file', file])
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#service?.stop(signal)
  }

  /** Stops the broker and removes its log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function java(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${`${stdout}${stderr}`.slice(-2000)}`)
}
