import { BreakingHttp } from '../../../services/breaking-http.js'
import { HdfsService } from '../../../services/hdfs.js'
import { untilMatches } from '../example.js'
import { Directories, type FileFaults, fileSink, fileSource, type Place, text } from '../file-rows.js'
import { type ConnectorRow, notApplicable, type Patience } from '../row.js'

class HdfsDirectories extends Directories {
  readonly #hdfs: HdfsService
  /** A directory of which the tests' user may not read or write anything. */
  readonly closed: string

  private constructor(hdfs: HdfsService) {
    super(`${hdfs.url}/suite`, { hdfs: { user: 'tester' } })
    this.#hdfs = hdfs
    this.closed = `${hdfs.url}/closed`
  }

  static async start(): Promise<HdfsDirectories> {
    const hdfs = await HdfsService.start()
    await hdfs.shell(['-mkdir', '/suite', '/closed'])
    await hdfs.shell(['-chmod', '777', '/suite'])
    await hdfs.shell(['-chmod', '700', '/closed'])
    return new HdfsDirectories(hdfs)
  }

  /** The directory behind a proxy that kills the servers in the middle of the first large file. */
  async breaking({ directory }: Place, patience: Patience) {
    const { webPort, dataPort } = this.#hdfs
    const proxy = await BreakingHttp.start(
      (url) => (url.includes('namenoderpcaddress=') ? dataPort : webPort),
      () => this.crash().then(() => this.restart()),
    )
    const place: Place = {
      directory: directory.replace(`:${webPort}`, `:${proxy.port}`),
      fileSystems: { hdfs: { user: 'tester', retries: patience === 'waits' ? 100 : 0 } },
    }
    return { place, restarted: proxy.restarted, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
  }

  async crash(): Promise<void> {
    await this.#hdfs.stop()
  }

  async restart(): Promise<void> {
    await this.#hdfs.restart()
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    await this.#hdfs[Symbol.asyncDispose]()
  }
}

const faults: FileFaults<HdfsDirectories> = {
  midRead: { breaking: (server, place, patience) => server.breaking(place, patience) },
  unreachable: {
    path: () => 'hdfs://127.0.0.1:1/directory',
    reading: ['hdfs://127.0.0.1:1/directory', 'cannot be reached', 'Check the path'],
    writing: ['hdfs://127.0.0.1:1/directory', 'cannot be reached'],
  },
  misplaced: notApplicable('a directory may appear later, and a save creates it'),
  refused: {
    path: ({ closed }) => `${closed}/directory`,
    reading: ['/closed/directory', 'Permission denied', 'its permissions'],
    writing: ['/closed/directory', 'Permission denied', 'check permissions'],
  },
}

export const row: ConnectorRow<HdfsDirectories> = {
  name: 'hdfs',
  service: 'hdfs',
  start: () => HdfsDirectories.start(),
  sources: [fileSource(text, faults)],
  sinks: [fileSink(text, faults)],
  programs: {
    0: async (server, run) => {
      const { directory, fileSystems } = await server.newPlace()
      const at = (name: string) => ({ directory: `${directory}/${name}`, fileSystems })
      const replace = { 'hdfs://namenode:9870': directory, "'10s'": "'200ms'", etl: 'tester' }
      await run({ replace }, () =>
        untilMatches(async () => {
          await server.put(at('in'), Buffer.from('to be\n'))
          return Buffer.concat(await server.saved(at('out')))
        }, /be/),
      )
    },
  },
}
