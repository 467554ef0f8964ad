import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlockReader, BlockServer } from './block-server.js'
import { forStreams, hostOf, needsStateDirectory, type SparkConfiguration } from './configuration.js'

/** The services of the driver for a Spark application with streams: received data, and with a local master a directory for state. */
export class StreamSupport {
  readonly configuration: SparkConfiguration
  readonly #server: BlockServer
  readonly #directory: string | undefined

  private constructor(configuration: SparkConfiguration, server: BlockServer, directory: string | undefined) {
    this.configuration = forStreams(configuration, server, directory)
    this.#server = server
    this.#directory = directory
  }

  static async open(received: BlockReader, configuration: SparkConfiguration): Promise<StreamSupport> {
    const server = await BlockServer.open(received, hostOf(configuration))
    const isNeeded = needsStateDirectory(configuration)
    const directory = isNeeded ? await mkdtemp(join(tmpdir(), 'millrace-state-')) : undefined
    return new StreamSupport(configuration, server, directory)
  }

  async close(): Promise<void> {
    this.#server.close()
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true })
  }
}
