import { BreakingHttp } from '../../../services/breaking-http.js'
import { S3Service } from '../../../services/s3.js'
import { untilMatches } from '../example.js'
import { Directories, type FileFaults, fileSink, fileSource, type Place, text } from '../file-rows.js'
import { type ConnectorRow, type Patience, SECRET } from '../row.js'

class S3Directories extends Directories {
  readonly #s3: S3Service

  constructor(s3: S3Service) {
    super('s3://bucket/suite', { s3: s3.options })
    this.#s3 = s3
  }

  get options() {
    return this.#s3.options
  }

  /** The directory behind a proxy that kills the server in the middle of the first large file. */
  async breaking({ directory }: Place, patience: Patience) {
    const proxy = await BreakingHttp.start(
      () => this.#s3.port,
      () => this.crash().then(() => this.restart()),
    )
    const endpoint = `http://127.0.0.1:${proxy.port}`
    const s3 = { ...this.options, endpoint, retries: patience === 'waits' ? 100 : 0 }
    const place: Place = { directory, fileSystems: { s3 } }
    return { place, restarted: proxy.restarted, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
  }

  async crash(): Promise<void> {
    await this.#s3.stop('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.#s3.restart()
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    await this.#s3[Symbol.asyncDispose]()
  }
}

const faults: FileFaults<S3Directories> = {
  midRead: { breaking: (server, place, patience) => server.breaking(place, patience) },
  unreachable: {
    path: () => 's3://bucket/directory',
    fileSystems: () => ({ s3: { endpoint: 'http://127.0.0.1:1', accessKeyId: 'a', secretAccessKey: SECRET } }),
    reading: ['s3://bucket/directory', 'cannot be reached', 'Check the path'],
    writing: ['s3://bucket/directory', 'cannot be reached'],
  },
  misplaced: {
    path: () => 's3://no-such-bucket/directory',
    isPassing: true,
    reading: ['the directory s3://no-such-bucket/directory does not exist', 'batches are empty until it does'],
    writing: ['s3://no-such-bucket/directory'],
  },
  refused: {
    path: () => 's3://bucket/directory',
    fileSystems: ({ options }) => ({ s3: { ...options, secretAccessKey: SECRET } }),
    reading: ['s3://bucket/directory', 'its permissions'],
    writing: ['s3://bucket/directory', 'check permissions'],
  },
}

export const row: ConnectorRow<S3Directories> = {
  name: 's3',
  service: 's3',
  start: async () => new S3Directories(await S3Service.start()),
  sources: [fileSource(text, faults)],
  sinks: [fileSink(text, faults)],
  programs: {
    0: async (server, run) => {
      const { endpoint, accessKeyId, secretAccessKey } = server.options
      const { directory, fileSystems } = await server.newPlace()
      await server.put({ directory: `${directory}/in`, fileSystems }, Buffer.from('all is well\nERROR 7\n'))
      const replace = {
        'http://127.0.0.1:9000': endpoint,
        's3://logs/2024-*': `${directory}/in/file-*`,
        's3://logs/errors': `${directory}/out/errors`,
      }
      const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      const saved = async () => Buffer.concat(await server.saved({ directory: `${directory}/out`, fileSystems }))
      await run({ replace, env }, () => untilMatches(saved, /^ERROR 7\n$/))
    },
  },
}
