import { S3Service } from '../../../services/s3.js'
import { Directories, type FileFaults, fileSink, fileSource, text } from '../file-rows.js'
import { type ConnectorRow, SECRET } from '../row.js'

class S3Directories extends Directories {
  readonly #s3: S3Service

  constructor(s3: S3Service) {
    super('s3://bucket/suite', { s3: s3.options })
    this.#s3 = s3
  }

  get options() {
    return this.#s3.options
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
}
