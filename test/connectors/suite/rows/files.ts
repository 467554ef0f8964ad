import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilMatches } from '../example.js'
import { Directories, type FileFaults, fileSink, fileSource, json, type Place, parquet, text } from '../file-rows.js'
import { type ConnectorRow, notApplicable, type SinkRow } from '../row.js'

class LocalDirectories extends Directories {
  readonly #folder: string

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
    super(folder)
    this.#folder = folder
  }

  async crash(): Promise<void> {}
  async restart(): Promise<void> {}

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const local = notApplicable('there is no server')

const faults: FileFaults<LocalDirectories> = {
  restart: local,
  unreachable: local,
  misplaced: {
    path: () => '/dev/null/directory',
    isPassing: true,
    reading: ['the directory /dev/null/directory does not exist', 'batches are empty until it does'],
    writing: ["'/dev/null/directory/batch-", 'cannot be written', 'check permissions'],
  },
  refused: notApplicable('the system refuses nothing to the user of a container'),
}

const pathIn = ({ directory }: Place) => join(directory, 'numbers.txt')

/** A Writable of Node, here of a file. */
const writable: SinkRow<LocalDirectories, Place> = {
  name: 'stream.writeTo(stream)',
  guarantee: { threads: 'exactly-once', process: 'at-least-once' },
  create: (server) => server.newPlace(),
  open: (place) => (stream) => stream.writeTo(createWriteStream(pathIn(place), { flags: 'a' })),
  record: (n) => String(n),
  read: async (_, place) => readFileSync(pathIn(place), 'utf8').trim().split('\n').map(Number),
  malformed: { record: { n: 1 }, says: ['A record for the stream is', 'map records to texts'] },
  restart: local,
  bad: {
    'unreachable host': local,
    'wrong place': {
      open: () => (stream) => stream.writeTo(createWriteStream('/dev/null/numbers.txt')),
      code: 'ERR_MILLRACE_SAVE',
      says: ['The stream could not be written', 'ENOTDIR'],
    },
    'refused credentials': local,
    'wrong option': notApplicable('it has none'),
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<LocalDirectories> = {
  name: 'files',
  start: async () => new LocalDirectories(),
  sources: [text, json, parquet].map((kind) => fileSource(kind, faults)),
  sinks: [...[text, json, parquet].map((kind) => fileSink(kind, faults)), writable],
  programs: {
    0: (_, run) => run({ replace: { '/tmp/lines': 'lines' } }, ({ printed }) => untilMatches(printed, /^2\n/)),
  },
}
