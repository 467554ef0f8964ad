import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

/** A Flume agent that counts from 0 to `events` - 1 into a channel in memory, which Spark's sink offers to pollers. */
export class FlumeAgent {
  readonly address: string
  readonly #folder: string
  readonly #port: number
  #service: Service | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.#port = port
    this.address = `127.0.0.1:${port}`
  }

  /** `timeout`: seconds after which the sink gives up a transaction that nobody acknowledges. */
  static async start(events: number, timeout = 600): Promise<FlumeAgent> {
    const agent = new FlumeAgent(mkdtempSync(join(tmpdir(), 'millrace-flume-')), await freePort())
    const properties = {
      sources: 's',
      channels: 'c',
      sinks: 'k',
      'sources.s.type': 'seq',
      'sources.s.totalEvents': events,
      'sources.s.channels': 'c',
      'channels.c.type': 'memory',
      'channels.c.capacity': 10_000,
      'channels.c.transactionCapacity': 1000,
      'sinks.k.type': 'org.apache.spark.streaming.flume.sink.SparkSink',
      'sinks.k.hostname': '127.0.0.1',
      'sinks.k.port': agent.#port,
      'sinks.k.timeout': timeout,
      'sinks.k.channel': 'c',
    }
    const lines = Object.entries(properties).map(([name, value]) => `agent.${name}=${value}`)
    writeFileSync(join(agent.#folder, 'agent.properties'), lines.join('\n'))
    await agent.restart()
    return agent
  }

  /** Starts the agent after `stop`; its channel is empty, and it counts from 0 again. */
  async restart(): Promise<void> {
    const flags = [
      '-Xmx128m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(folderOf('flumeAgent'), 'jars', '*'),
    ]
    const file = join(this.#folder, 'agent.properties')
    const args = [...flags, 'org.apache.flume.node.Application', '-n', 'agent', '-f', file, '--no-reload-conf']
    this.#service = await Service.start('java', args, this.#port, join(this.#folder, 'output.txt'))
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#service?.stop(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
